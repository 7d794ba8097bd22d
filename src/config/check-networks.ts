import { contains, formatIpv4, formatSubnet, type Ipv4 } from '../lib/ipv4.ts';
import type { Finding, Path } from './load.ts';
import type { NetworkConfig, RangeConfig } from './schema.ts';

/** A range of a network, who may have it, and where it is written. */
export type PlacedRange = {
  readonly first: Ipv4;
  readonly last: Ipv4;
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly path: Path;
};

/** Ranges with and without conditions as one list; paths begin at the list. */
export function rangesOf(list: readonly RangeConfig[]): PlacedRange[] {
  return list.flatMap((item, i): PlacedRange[] => {
    if (!('range' in item)) return [{ ...item, path: [i] }];
    const { allow, deny } = item;
    return item.range.map((each, j) => ({ ...each, allow, deny, path: [i, 'range', j] }));
  });
}

/** What does not fit inside one network. */
export function checkNetwork(network: NetworkConfig, index: number): Finding[] {
  const at = ['networks', index];
  const ranges = rangesOf(network.range ?? []);
  return [
    ...outside(network, ranges, [...at, 'range']),
    ...outside(network, rangesOf(network.exclude ?? []), [...at, 'exclude']),
    ...checkLeases(network, at),
    ...checkConditions(ranges, [...at, 'range']),
  ];
}

/** Bounds of lease times, of whatever entry. */
export function checkLeases(
  { 'lease-min': min, 'lease-max': max }: Pick<NetworkConfig, 'lease-min' | 'lease-max'>,
  path: Path,
): Finding[] {
  if (min === undefined || max === undefined || min <= max) return [];
  return [{ path: [...path, 'lease-min'], message: 'must not be longer than lease-max' }];
}

/** A relay that is named leads to one network, or to those that share its link. It may stand in another: its way to us. */
export function checkRelays(networks: readonly NetworkConfig[]): Finding[] {
  return networks.flatMap((network, index) =>
    (network.relays ?? []).flatMap((relay, i) => {
      const above = networks.slice(0, index).filter((one) => !shareLink(one, network));
      const other = above.find(({ relays }) => relays?.includes(relay));
      if (!other) return [];
      const message = `${formatIpv4(relay)} leads to ${formatSubnet(other.subnet)} already`;
      return [{ path: ['networks', index, 'relays', i], message }];
    }),
  );
}

function shareLink(one: NetworkConfig, other: NetworkConfig): boolean {
  const name = one['shared-network'];
  return name !== undefined && name === other['shared-network'];
}

function outside({ subnet }: NetworkConfig, ranges: readonly PlacedRange[], at: Path): Finding[] {
  return ranges.flatMap(({ first, last, path }) => {
    const wrong = [first, last].find((ip) => !contains(subnet, ip));
    if (wrong === undefined) return [];
    return [{ path: [...at, ...path], message: `${formatIpv4(wrong)} is not in ${formatSubnet(subnet)}` }];
  });
}

/** An address for some and for others would be for both. */
function checkConditions(ranges: readonly PlacedRange[], at: Path): Finding[] {
  return ranges.flatMap((range, index) => {
    const condition = conditionOf(range);
    const other = ranges
      .slice(0, index)
      .find(
        (above) => above.first <= range.last && range.first <= above.last && conditionOf(above) !== condition,
      );
    if (!other) return [];
    const message = `overlaps ${formatIpv4(other.first)}-${formatIpv4(other.last)} above, which is for others`;
    return [{ path: [...at, ...range.path], message }];
  });
}

function conditionOf({ allow, deny }: PlacedRange): string {
  return JSON.stringify([allow, deny]);
}
