import { broadcastOf, contains, formatSubnet, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { createPool, type Pool } from './pool.ts';
import type { AddressRange, DhcpSettings, Link, Network, Reservation } from './settings.ts';

/** Settings made ready for use: pools without our own addresses, reservations by key. Immutable; a reload makes a new one. */
export type DhcpPlan = {
  readonly settings: DhcpSettings;
  readonly networks: readonly PlannedNetwork[];
  /** All our addresses on all links: a request for any of them as server is ours (RFC 2131 §4.1). */
  readonly ownAddresses: ReadonlySet<Ipv4>;
  readonly reservations: {
    byMac(mac: Mac): readonly Reservation[];
    byClientId(clientId: string): readonly Reservation[];
    byIp(ip: Ipv4): Reservation | undefined;
  };
};

export type PlannedNetwork = Network & {
  /** The subnet as text; scopes client keys. */
  readonly key: string;
  /** What DHCP clients without a reservation may get: {@link MOST_ADDRESSES} at most. */
  readonly pool: Pool;
  /** The same for BOOTP clients. */
  readonly bootpPool: Pool;
};

/**
 * A record is kept for each address ever given, about half a kilobyte, and anybody can ask under new names for as long as
 * there are addresses: 16 million of a /8 would be 8 GB. As many as a /14 has are 130 MB.
 */
const MOST_ADDRESSES = 2 ** 18;

/** Makes settings ready for the links they will serve. Cheap: by ranges, never by address. */
export function planDhcp(settings: DhcpSettings, links: readonly Link[]): DhcpPlan {
  const ownAddresses = new Set(links.flatMap((link) => link.addresses.map(({ ip }) => ip)));
  return {
    settings,
    networks: settings.networks.map((network) => planNetwork(network, settings, ownAddresses)),
    ownAddresses,
    reservations: indexReservations(settings.reservations),
  };
}

function planNetwork(
  network: Network,
  settings: DhcpSettings,
  ownAddresses: ReadonlySet<Ipv4>,
): PlannedNetwork {
  const hosts = hostsOf(network);
  const taken = [
    ...network.excluded,
    ...[...ownAddresses, ...network.routers, ...network.dns].map(single),
    ...(network.nextServer === 'auto' ? [] : [single(network.nextServer)]),
    ...settings.reservations.flatMap(({ ip }) => (ip === undefined ? [] : [single(ip)])),
  ];
  const bootpRanges = settings.bootp.ranges === 'network' ? network.ranges : settings.bootp.ranges;
  return {
    ...network,
    key: formatSubnet(network.subnet),
    pool: createPool(clip(network.ranges, hosts), taken, MOST_ADDRESSES),
    bootpPool: createPool(clip(bootpRanges, hosts), taken, MOST_ADDRESSES),
  };
}

/** All but the network and the broadcast address; a /31 has neither (RFC 3021), a /32 is one host. */
function hostsOf({ subnet }: Network): AddressRange {
  const edge = subnet.length >= 31 ? 0 : 1;
  return { first: subnet.network + edge, last: broadcastOf(subnet) - edge };
}

function clip(ranges: readonly AddressRange[], hosts: AddressRange): AddressRange[] {
  return ranges.map(({ first, last }) => ({
    first: Math.max(first, hosts.first),
    last: Math.min(last, hosts.last),
  }));
}

function single(ip: Ipv4): AddressRange {
  return { first: ip, last: ip };
}

function indexReservations(list: readonly Reservation[]): DhcpPlan['reservations'] {
  const byMac = new Map<Mac, Reservation[]>();
  const byClientId = new Map<string, Reservation[]>();
  const byIp = new Map<Ipv4, Reservation>();
  for (const reservation of list) {
    const { mac, clientId, ip } = reservation;
    if (clientId !== undefined) byClientId.set(clientId, [...(byClientId.get(clientId) ?? []), reservation]);
    else if (mac !== undefined) byMac.set(mac, [...(byMac.get(mac) ?? []), reservation]);
    if (ip !== undefined) byIp.set(ip, reservation);
  }
  return {
    byMac: (mac) => byMac.get(mac) ?? [],
    byClientId: (clientId) => byClientId.get(clientId) ?? [],
    byIp: (ip) => byIp.get(ip),
  };
}

/**
 * The machine's reservation that holds in this network: by client id, then by MAC (dhcp-server order; RFC 4361 §6.3
 * lets MACs match although option 61 is sent). One with an address of another network does not count.
 */
export function reservationOf(
  plan: DhcpPlan,
  network: PlannedNetwork,
  who: { readonly mac: Mac; readonly clientId?: string },
): Reservation | undefined {
  const byId = who.clientId === undefined ? [] : plan.reservations.byClientId(who.clientId);
  const candidates = [
    ...byId.filter(({ mac }) => mac === undefined || mac === who.mac),
    ...plan.reservations.byMac(who.mac),
  ];
  return candidates.find(({ ip }) => ip === undefined || contains(network.subnet, ip));
}
