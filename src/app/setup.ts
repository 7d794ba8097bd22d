import type { BootptabHost } from '../config/bootptab-host.ts';
import type { Config } from '../config/schema.ts';
import type { Ipv4 } from '../lib/ipv4.ts';

/** The commands that serve. */
export type Tool = 'pxed' | 'bootpd' | 'dhcpd' | 'ptftpd';

/** What a command line and a configuration file come to: all that {@link serve} needs to know. */
export type Setup = {
  readonly tool: Tool;
  readonly config: Config;
  /** Settings of the command line for the interface's own network. */
  readonly overrides: NetworkOverrides;
  /** What the configuration file said; absent where there is none. */
  readonly text?: string;
  /** Machines of the bootptab, where there is one. */
  readonly bootptab?: readonly BootptabHost[];
};

export type NetworkOverrides = {
  readonly routers?: readonly Ipv4[];
  readonly dns?: readonly Ipv4[];
  readonly nextServer?: Ipv4;
};

/** A setup, or every mistake in its configuration as a line for people. */
export type SetupResult =
  | { readonly ok: true; readonly value: Setup }
  | { readonly ok: false; readonly problems: readonly string[] };
