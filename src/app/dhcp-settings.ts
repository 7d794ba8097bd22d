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
import { contains, formatSubnet } from '../lib/ipv4.ts';
import type { NetworkOverrides, Setup } from './setup.ts';

/**
 * What the DHCP and BOOTP brains are told, from configuration and command line.
 *
 * The interface's own subnet is a network also when no entry of `networks` is about it; what the command line says of
 * routers, name servers and TFTP server is for that network.
 */
export function dhcpSettingsOf(setup: Setup, link: Link, serverName: string): DhcpSettings {
  const { config } = setup;
  const own = link.addresses[0]!.ip;
  const configured = config.networks.map((network) => networkOf(network, link));
  const isOwn = (network: Network) => contains(network.subnet, own);
  const networks = configured.some(isOwn) ? configured : [networkOfLink(link), ...configured];
  return {
    ...DEFAULT_SETTINGS,
    dhcp: config.mode === 'dhcp',
    networks: networks.map((network) => (isOwn(network) ? overridden(network, setup.overrides) : network)),
    reservations: config.hosts.map(reservationOf),
    bootp: { enabled: config.bootp.enabled, ranges: config.bootp.range, serverName },
    boot: bootSettingsOf(config.boot),
    answerAll: config['answer-all'],
    authoritative: config.authoritative,
    limits: { perClient: limit(config.limits['per-client']), perRelay: limit(config.limits['per-relay']) },
    probe: { ...DEFAULT_SETTINGS.probe, enabled: config['conflict-probe'] },
  };
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

function overridden(network: Network, { routers, dns, nextServer }: NetworkOverrides): Network {
  return {
    ...network,
    ...(routers && { routers }),
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
  return { bootFile: boot.filename, archFiles, ...(boot.ipxe !== undefined && { ipxeFile: boot.ipxe }) };
}
