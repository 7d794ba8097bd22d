import { archCode } from '../boot/arch-table.ts';
import type { BootSettings } from '../boot/settings.ts';
import type { Config, HostConfig, NetworkConfig } from '../config/schema.ts';
import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type Link,
  type Network,
  networkOfLink,
  type Reservation,
} from '../dhcp/settings.ts';
import { contains, formatSubnet, type Subnet } from '../lib/ipv4.ts';
import type { NetworkOverrides, Setup } from './setup.ts';

/**
 * What the DHCP and BOOTP brains are told, from configuration and command line.
 *
 * An interface's own subnet is a network also when no entry of `networks` is about it; what the command line says of
 * routers, name servers and TFTP server is for these networks, a router for the one that it is in. Each link has an
 * address.
 */
export function dhcpSettingsOf(setup: Setup, links: readonly Link[], serverName: string): DhcpSettings {
  const { config } = setup;
  const configured = config.networks.map((network) => networkOf(network, linkIn(network.subnet, links)));
  const networks = [...ownNetworks(links, configured), ...configured];
  const isOwn = ({ subnet }: Network) => links.some((link) => contains(subnet, link.addresses[0]!.ip));
  return {
    ...DEFAULT_SETTINGS,
    dhcp: config.mode !== 'off',
    networks: networks.map((network) =>
      isOwn(network) ? overridden(network, networks, setup.overrides) : network,
    ),
    reservations: config.hosts.map(reservationOf),
    bootp: { enabled: config.bootp.enabled, ranges: config.bootp.range, serverName },
    boot: bootSettingsOf(config.boot),
    answerAll: config['answer-all'],
    authoritative: config.authoritative,
    rapidCommit: config['rapid-commit'],
    minSecs: config['min-secs'],
    relays: {
      subnetSelection: config['subnet-selection'],
      trustDirectInfo: config['trust-82-without-giaddr'],
      informViaRelay: config['inform-via-relay'],
    },
    leaseQuery: config.leasequery,
    limits: { perClient: limit(config.limits['per-client']), perRelay: limit(config.limits['per-relay']) },
    probe: { ...DEFAULT_SETTINGS.probe, enabled: config['conflict-probe'] },
  };
}

/** Networks of the interfaces that no entry is about; one for two interfaces of the same network. */
function ownNetworks(links: readonly Link[], configured: readonly Network[]): Network[] {
  const own: Network[] = [];
  for (const link of links) {
    const isKnown = ({ subnet }: Network) => contains(subnet, link.addresses[0]!.ip);
    if (!configured.some(isKnown) && !own.some(isKnown)) own.push(networkOfLink(link));
  }
  return own;
}

/** The interface with an address in the subnet; the first when none has, as where relays lead to it. */
function linkIn(subnet: Subnet, links: readonly Link[]): Link {
  return links.find(({ addresses }) => contains(subnet, addresses[0]!.ip)) ?? links[0]!;
}

function networkOf(network: NetworkConfig, link: Link): Network {
  const leaseSeconds = network.lease;
  return networkOfLink(link, {
    name: formatSubnet(network.subnet),
    subnet: network.subnet,
    ranges: network.range,
    excluded: network.exclude,
    // Our own address is no router to clients on another subnet.
    routers: network.routers ?? (contains(network.subnet, link.addresses[0]!.ip) ? undefined : []),
    dns: network['domain-name-servers'],
    domain: network['domain-name'],
    leaseSeconds,
    minLeaseSeconds: network['lease-min'] ?? shorterOf(leaseSeconds),
    maxLeaseSeconds: network['lease-max'] ?? leaseSeconds,
    bootLeaseSeconds: network['lease-boot'],
    nextServer: network['next-server'],
    matchClientId: network['match-client-id'],
    ipv6OnlySeconds: network['ipv6-only'],
    autoConfigure: network['auto-configure'],
    options:
      network.options &&
      Object.entries(network.options).map(([code, body]) => ({ code: Number(code), body })),
  });
}

function limit(given: number | 'off'): number | undefined {
  return given === 'off' ? undefined : given;
}

/** A lease shorter than the usual least wish is meant: then it is the least. */
function shorterOf(leaseSeconds: number | undefined): number | undefined {
  return leaseSeconds !== undefined && leaseSeconds < 120 ? leaseSeconds : undefined;
}

/** A router outside of all networks is meant for each of them. */
function overridden(
  network: Network,
  networks: readonly Network[],
  { routers, dns, nextServer }: NetworkOverrides,
): Network {
  const near = networks.find(({ subnet }) => routers?.some((ip) => contains(subnet, ip)));
  return {
    ...network,
    ...(routers && (near === undefined || near === network) && { routers }),
    ...(dns && { dns }),
    ...(nextServer !== undefined && { nextServer }),
  };
}

function reservationOf({ mac, 'client-id': clientId, address, hostname, filename }: HostConfig): Reservation {
  return {
    ...(mac !== undefined && { mac }),
    ...(clientId !== undefined && { clientId }),
    ...(address !== undefined && { ip: address }),
    ...(hostname !== undefined && { hostname }),
    ...(filename !== undefined && { file: filename }),
  };
}

/** Names of architectures were checked when the configuration was loaded. */
function bootSettingsOf(boot: Config['boot']): BootSettings {
  const archFiles = new Map(
    Object.entries(boot.arch).map(([name, file]) => [archCode(name) ?? Number(name), file]),
  );
  return {
    bootFile: boot.filename,
    archFiles,
    ...(boot.ipxe !== undefined && { ipxeFile: boot.ipxe }),
    ...(boot.http !== undefined && { httpUrl: boot.http }),
  };
}
