import { hostname } from 'node:os';
import type { FileExists } from '../boot/settings.ts';
import type { Config } from '../config/schema.ts';
import type { DhcpSettings, Link } from '../dhcp/settings.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';
import { checkInterfaces } from './check-interface.ts';
import { checkBootFile, checkRoot } from './check-root.ts';
import { dhcpSettingsOf } from './dhcp-settings.ts';
import { wantsHttp } from './http-ports.ts';
import { createRootFiles } from './root-files.ts';
import type { Setup } from './setup.ts';

/** What a setup comes to on this machine. */
export type Facts = {
  /** None: files are served on all interfaces. */
  readonly links: readonly InterfaceFacts[];
  readonly root?: string;
  readonly exists?: FileExists;
  readonly dhcp?: DhcpSettings;
};

/** Looks at the interfaces and the boot root. Throws StartProblem when the setup cannot be served. */
export function gatherFacts(setup: Setup, network: Network): Facts {
  const { config } = setup;
  const ipv4 = config.mode !== 'off' || config.bootp.enabled;
  const links = checkInterfaces(network, config.interfaces ?? [], { ipv4 });
  const files = config.tftp.enabled || wantsHttp(config);
  const root = files ? checkRoot(config.tftp.root!) : undefined;
  const addressing = links.length > 0 && ipv4;
  // Clients that are sent to another TFTP server find the boot file there.
  if (addressing && root !== undefined && setup.overrides.nextServer === undefined) {
    checkBootFile(root, config.boot.filename);
  }
  return {
    links,
    ...(root !== undefined && {
      root,
      exists: rootFilesOf(config, root, network),
    }),
    ...(addressing && { dhcp: dhcpSettingsOf(setup, links.map(linkOf), hostname()) }),
  };
}

/** The same with interfaces that are not what they were; each has an address still. */
export function withLinks(facts: Facts, setup: Setup, links: readonly InterfaceFacts[]): Facts {
  return {
    ...facts,
    links,
    ...(facts.dhcp && { dhcp: dhcpSettingsOf(setup, links.map(linkOf), hostname()) }),
  };
}

function rootFilesOf({ tftp }: Config, root: string, { openBeneath }: Network): FileExists {
  return createRootFiles(root, { ignoreCase: tftp['ignore-case'], ...(openBeneath && { openBeneath }) });
}

/** An interface as DHCP sees it. */
export function linkOf({ name, index, mac, mtu, addresses }: InterfaceFacts): Link {
  return {
    name,
    index,
    mac,
    mtu,
    addresses: addresses.map(({ address, prefixLength }) => ({ ip: address, length: prefixLength })),
  };
}

/** The names of interfaces that have a carrier. */
export function runningLinks(links: readonly InterfaceFacts[]): ReadonlySet<string> {
  return new Set(links.filter(({ up, running }) => up && running).map(({ name }) => name));
}
