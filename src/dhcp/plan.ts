import type { BootSettings } from '../boot/settings.ts';
import { broadcastOf, contains, formatSubnet, type Ipv4 } from '../lib/ipv4.ts';
import { type HostIndex, indexHosts } from './hosts.ts';
import { indexNetworks, type NetworkIndex } from './network-index.ts';
import { mergeOptions, withoutNamed } from './options.ts';
import { createPool, lastAtMost, type Pool } from './pool.ts';
import { type CompiledRule, compileRules } from './rules.ts';
import type { AddressRange, DhcpSettings, Link, Network, PoolRange, Reservation } from './settings.ts';
import type { Turn } from './turn.ts';

/** Settings made ready for use: pools without our own addresses, reservations by key. Immutable; a reload makes a new one. */
export type DhcpPlan = {
  readonly settings: DhcpSettings;
  readonly networks: readonly PlannedNetwork[];
  /** The same by where clients are. */
  readonly places: NetworkIndex;
  /** All our addresses on all links: a request for any of them as server is ours (RFC 2131 §4.1). */
  readonly ownAddresses: ReadonlySet<Ipv4>;
  readonly hosts: HostIndex;
  readonly rules: readonly CompiledRule[];
  /** A rule may say to ignore a client. */
  readonly mayIgnore: boolean;
  /** Something depends on a client's tags. */
  readonly hasTags: boolean;
};

export type PlannedNetwork = Network & {
  /** The subnet as text; scopes client keys. */
  readonly key: string;
  /** What DHCP clients without a reservation may get, some or all of them: {@link MOST_ADDRESSES} at most. */
  readonly pool: Pool;
  /** The same for BOOTP clients. */
  readonly bootpPool: Pool;
  /** The pools taken apart by who may have which, where a range says so. */
  readonly parts?: { readonly pool: readonly PoolPart[]; readonly bootpPool?: readonly PoolPart[] };
  /** Which file boots whom, in this network. */
  readonly boot: BootSettings;
};

/** Ranges of one condition. */
export type PoolPart = Pick<PoolRange, 'allow' | 'deny'> & { readonly pool: Pool };

/**
 * A record is kept for each address ever given, about half a kilobyte, and anybody can ask under new names for as long as
 * there are addresses: 16 million of a /8 would be 8 GB. As many as a /14 has are 130 MB.
 */
const MOST_ADDRESSES = 2 ** 18;

/** Makes settings ready for the links they will serve. Cheap: by ranges, never by address. */
export function planDhcp(settings: DhcpSettings, links: readonly Link[]): DhcpPlan {
  const ownAddresses = new Set(links.flatMap((link) => link.addresses.map(({ ip }) => ip)));
  const reserved = settings.reservations.flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  const held = [...ownAddresses, ...reserved].toSorted((a, b) => a - b);
  const networks = settings.networks.map((network) => planNetwork(network, settings, held));
  const rules = compileRules(settings.rules);
  return {
    settings,
    networks,
    places: indexNetworks(networks, links),
    ownAddresses,
    hosts: indexHosts(settings.reservations),
    rules,
    mayIgnore: rules.some(({ says }) => says.ignore),
    hasTags: networks.some(({ parts }) => parts !== undefined),
  };
}

/** `held`: addresses that are somebody's already, in order. */
function planNetwork(network: Network, settings: DhcpSettings, held: readonly Ipv4[]): PlannedNetwork {
  const hosts = hostsOf(network);
  const near = held.slice(lastAtMost(held, hosts.first - 1) + 1, lastAtMost(held, hosts.last) + 1);
  const taken = [
    ...network.excluded,
    ...near.map(single),
    ...[...network.routers, ...network.dns, ...(network.relays ?? [])].map(single),
    ...(network.nextServer === 'auto' ? [] : [single(network.nextServer)]),
  ];
  const poolOf = (ranges: readonly AddressRange[]) => createPool(clip(ranges, hosts), taken, MOST_ADDRESSES);
  const pool = poolOf(network.ranges);
  const parts = hasConditions(network) ? partsOf(network.ranges, poolOf) : undefined;
  const shared = settings.bootp.ranges === 'network';
  // No name server is none of its own: those of all networks are told.
  const { routers, dns, domain } = network;
  const named = { routers, ...(dns.length > 0 && { dns }), ...(domain !== undefined && { domain }) };
  return {
    ...network,
    options: mergeOptions(withoutNamed(settings.options, named), network.options),
    key: formatSubnet(network.subnet),
    pool,
    bootpPool: settings.bootp.ranges === 'network' ? pool : poolOf(settings.bootp.ranges),
    ...(parts && { parts: { pool: parts, ...(shared && { bootpPool: parts }) } }),
    boot: network.file === undefined ? settings.boot : { ...settings.boot, bootFile: network.file },
  };
}

function hasConditions({ ranges }: Network): boolean {
  return ranges.some(({ allow, deny }) => allow !== undefined || deny !== undefined);
}

/** Ranges of the same condition together, in the order in which the first of each is written. */
function partsOf(ranges: readonly PoolRange[], poolOf: (ranges: readonly PoolRange[]) => Pool): PoolPart[] {
  const groups = new Map<string, PoolRange[]>();
  for (const range of ranges) {
    const key = JSON.stringify([range.allow, range.deny]);
    groups.set(key, [...(groups.get(key) ?? []), range]);
  }
  return [...groups.values()].map((group) => {
    const { allow, deny } = group[0]!;
    return { ...(allow && { allow }), ...(deny && { deny }), pool: poolOf(group) };
  });
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

/**
 * The machine's reservation that holds in this network: the first in {@link HostIndex} order that has an address of it, or
 * none at all. One with an address of another network does not count.
 */
export function reservationOf({ hosts }: Pick<Turn, 'hosts'>, network: Network): Reservation | undefined {
  return hosts.find(({ ip }) => ip === undefined || contains(network.subnet, ip));
}
