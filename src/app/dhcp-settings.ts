import type { ArchOverride } from '../boot/arch-override.ts';
import { archCode } from '../boot/arch-table.ts';
import type { BootSettings } from '../boot/settings.ts';
import type { Config, NetworkConfig } from '../config/schema.ts';
import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type Link,
  type Network,
  networkOfLink,
} from '../dhcp/settings.ts';
import { contains, formatSubnet } from '../lib/ipv4.ts';
import { bootMenuOf } from './boot-menu.ts';
import { bootptabReservation } from './bootptab-reservation.ts';
import { placeOf, reservationOf, ruleOf, termsOf } from './dhcp-circles.ts';
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
  const unknownClients = config['unknown-clients'];
  const configured = config.networks.map((network) =>
    networkOf(network, linkOf(network, links), unknownClients),
  );
  const own = ownNetworks(links, configured);
  const networks = [
    ...(unknownClients === 'deny' ? own.map((network) => ({ ...network, denyUnknown: true })) : own),
    ...configured,
  ];
  const isOwn = ({ subnet }: Network) => links.some((link) => contains(subnet, link.addresses[0]!.ip));
  return {
    ...DEFAULT_SETTINGS,
    dhcp: config.mode !== 'off',
    networks: networks.map((network) =>
      isOwn(network) ? overridden(network, networks, setup.overrides) : network,
    ),
    reservations: [
      ...config.hosts.map(reservationOf),
      ...(setup.bootptab ?? []).map((host) => bootptabReservation(host, servedRoot(setup))),
    ],
    rules: config.rules.map(ruleOf),
    options: config.options,
    bootp: { enabled: config.bootp.enabled, ranges: config.bootp.range, serverName },
    ...(config.profile !== undefined && { profile: config.profile }),
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
    quirks: config.boot.quirks,
    limits: { perClient: limit(config.limits['per-client']), perRelay: limit(config.limits['per-relay']) },
    probe: { ...DEFAULT_SETTINGS.probe, enabled: config['conflict-probe'] },
  };
}

/** The folder that clients get their files of, when it is ours. */
function servedRoot({ config, overrides }: Setup): string | undefined {
  return config.tftp.enabled && overrides.nextServer === undefined ? config.tftp.root : undefined;
}

/** Networks of the interfaces that no entry is about; one for two interfaces of the same network. */
function ownNetworks(links: readonly Link[], configured: readonly Network[]): Network[] {
  const own = new Map<string, Network>();
  for (const link of links) {
    if (configured.some(({ subnet }) => contains(subnet, link.addresses[0]!.ip))) continue;
    const network = networkOfLink(link);
    const key = formatSubnet(network.subnet);
    const { interface: _, ...shared } = own.get(key) ?? network;
    // Bound to its interface, it is not taken for that of another one which lies within it.
    own.set(key, own.has(key) || links.length === 1 ? shared : { ...network, interface: link.name });
  }
  return [...own.values()];
}

/** The interface it names, or one with an address in the subnet; the first when there is none, as where relays lead to it. */
function linkOf({ subnet, interface: name }: NetworkConfig, links: readonly Link[]): Link {
  const near = ({ addresses }: Link) => contains(subnet, addresses[0]!.ip);
  return links.find((link) => link.name === name) ?? links.find(near) ?? links[0]!;
}

function networkOf(network: NetworkConfig, link: Link, unknownClients: 'allow' | 'deny'): Network {
  const isNear = contains(network.subnet, link.addresses[0]!.ip);
  return networkOfLink(link, {
    name: formatSubnet(network.subnet),
    subnet: network.subnet,
    // Our own address is no router to clients on another subnet.
    ...(!isNear && { routers: [] }),
    ...placeOf(network, unknownClients),
    ...termsOf(network),
  });
}

function limit(given: number | 'off'): number | undefined {
  return given === 'off' ? undefined : given;
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

/** Names of architectures were checked when the configuration was loaded. */
export function bootSettingsOf(boot: Config['boot']): BootSettings {
  const archFiles = new Map(
    Object.entries(boot.arch).map(([name, file]) => [archCode(name) ?? Number(name), file]),
  );
  return {
    bootFile: boot.filename,
    archFiles,
    ...(boot.ipxe !== undefined && { ipxeFile: boot.ipxe }),
    ...(boot.http !== undefined && { httpUrl: boot.http }),
    ...(boot['arch-override'] && { archOverrides: boot['arch-override'].map(overrideOf) }),
    ...(boot.menu && { menu: bootMenuOf(boot.menu) }),
  };
}

function overrideOf(given: NonNullable<Config['boot']['arch-override']>[number]): ArchOverride {
  const { 'vendor-class': vendorClass, mac, uuid, arch } = given;
  return {
    arch: archCode(String(arch)) ?? Number(arch),
    ...(vendorClass !== undefined && { vendorClass }),
    ...(mac !== undefined && { mac }),
    ...(uuid !== undefined && { uuid }),
  };
}
