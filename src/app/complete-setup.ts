import type { Config } from '../config/schema.ts';
import { bootptabOf } from './bootptab-of.ts';
import type { NetworkOverrides, SetupResult, Tool } from './setup.ts';

/** What was asked for, on a command line or by a program. */
export type Wanted = {
  readonly tool: Tool;
  readonly config: Config;
  readonly overrides: NetworkOverrides;
  /** Nothing will be served: no interface has to be named. */
  readonly anywhere?: boolean;
};

/** A setup, with the machines of its bootptab; or all that is missing. `readText` throws what node:fs throws. */
export function completeSetup(wanted: Wanted, readText: (file: string) => string): SetupResult {
  const { tool, config, overrides } = wanted;
  const bootptab = bootptabOf(config, readText);
  const problems = [...missing(wanted), ...(bootptab.ok ? [] : bootptab.problems)];
  if (!bootptab.ok || problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      ...{ tool, config, overrides },
      ...(config.bootptab !== undefined && { bootptab: bootptab.hosts }),
    },
  };
}

function missing({ tool, config, anywhere = false }: Wanted): string[] {
  const problems: string[] = [];
  if (config.interfaces === undefined && tool !== 'ptftpd' && !anywhere) {
    problems.push(
      'Which interface? Name it first, or several as eth0,eth1, or under "interfaces" in the configuration',
    );
  }
  const files = config.tftp.enabled || config.http.enabled === true;
  if (files && config.tftp.root === undefined) {
    const how = anywhere ? 'Name it' : 'Name it after the interface';
    problems.push(`Which folder to serve? ${how}, or as tftp.root in the configuration`);
  }
  if (config.mode === 'off' && !config.bootp.enabled && !files) {
    problems.push('Nothing to serve: mode is off, and so are bootp, tftp and http');
  }
  if (new TextEncoder().encode(config.boot.filename).length > 127) {
    problems.push(
      `The boot file's name is too long for the DHCP header (127 octets): ${config.boot.filename}`,
    );
  }
  return problems;
}
