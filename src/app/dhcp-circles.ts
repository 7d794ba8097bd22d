import { archCode } from '../boot/arch-table.ts';
import type { HostConfig, NetworkConfig, RangeConfig, RuleConfig, TemplateConfig } from '../config/schema.ts';
import type { Match, Rule, Saying } from '../dhcp/rule.ts';
import type { PoolRange, Reservation, Terms } from '../dhcp/settings.ts';

/** Entries of the configuration in the words of the DHCP brain: whom they are about, and what they say. */

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The members that have a value. */
function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** What a host, rule or network says of lease times, name servers and so on; undefined when it says nothing of these. */
export function termsOf(entry: Omit<TemplateConfig, 'template'>): Terms | undefined {
  const leaseSeconds = entry.lease;
  const terms: Terms = present({
    routers: entry.routers,
    dns: entry['domain-name-servers'],
    domain: entry['domain-name'],
    leaseSeconds,
    minLeaseSeconds: entry['lease-min'] ?? shorterOf(leaseSeconds),
    maxLeaseSeconds: entry['lease-max'] ?? leaseSeconds,
    bootLeaseSeconds: entry['lease-boot'],
    nextServer: entry['next-server'],
    options: entry.options,
    quirks: entry.quirks,
  });
  return Object.keys(terms).length === 0 ? undefined : terms;
}

/** A lease shorter than the usual least wish is meant: then it is the least. */
function shorterOf(leaseSeconds: number | undefined): number | undefined {
  return leaseSeconds !== undefined && leaseSeconds < 120 ? leaseSeconds : undefined;
}

export function poolRangesOf(list: readonly RangeConfig[]): PoolRange[] {
  return list.flatMap((item): PoolRange[] => {
    if (!('range' in item)) return [item];
    const { allow, deny } = item;
    return item.range.map((range) => ({ ...range, ...(allow && { allow }), ...(deny && { deny }) }));
  });
}

export function reservationOf(host: HostConfig): Reservation {
  return present({
    mac: host.mac,
    clientId: host['client-id'],
    uuid: host.uuid,
    circuitId: host['circuit-id'],
    remoteId: host['remote-id'],
    relay: host.relay,
    ip: host.address,
    hostname: host.hostname,
    file: host.filename,
    profile: host.profile,
    tags: host.tags,
    terms: termsOf(host),
  });
}

export function ruleOf({ match, then }: RuleConfig): Rule {
  return { match: matchOf(match), says: sayingOf(then) };
}

function sayingOf(then: RuleConfig['then']): Saying {
  return present({
    file: then.filename,
    profile: then.profile,
    tags: then.tags,
    ignore: then.ignore,
    goOn: then.continue,
    terms: termsOf(then),
  });
}

/** Names of architectures were checked when the configuration was loaded. */
function matchOf(match: RuleConfig['match']): Match {
  return present({
    arch: match.arch?.map((name) => archCode(String(name)) ?? Number(name)),
    stage: match.stage?.map((stage) => (stage === 'firmware' ? 'rom' : stage)),
    vendorClass: match['vendor-class'],
    userClass: match['user-class'],
    mac: match.mac,
    clientId: match['client-id'],
    uuid: match.uuid,
    hostname: match.hostname,
    subnet: match.subnet,
    interface: match.interface,
    relay: match.relay,
    circuitId: match['circuit-id'],
    remoteId: match['remote-id'],
    tag: match.tag,
  });
}

/** A network's own part: who is on it. What it says is {@link termsOf}'s. */
export function placeOf(network: NetworkConfig, unknownClients: 'allow' | 'deny') {
  return present({
    interface: network.interface,
    relays: network.relays,
    sharedNetwork: network['shared-network'],
    denyUnknown: (network['unknown-clients'] ?? unknownClients) === 'deny' ? true : undefined,
    file: network.filename,
    profile: network.profile,
    tags: network.tags,
    ranges: network.range && poolRangesOf(network.range),
    excluded: network.exclude,
    matchClientId: network['match-client-id'],
    ipv6OnlySeconds: network['ipv6-only'],
    autoConfigure: network['auto-configure'],
  });
}
