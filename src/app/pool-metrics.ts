import type { Network } from '../dhcp/settings.ts';
import { formatSubnet, type Ipv4, subnetOf } from '../lib/ipv4.ts';
import type { MetricSource } from '../server/control/metrics.ts';
import type { ControlParts } from './control-parts.ts';

type Counted = { bound: number; declined: number };

/** Leases by network; nothing where no addresses are given. */
export function poolMetrics({ composed }: ControlParts): MetricSource[] {
  const { leases, inside } = composed;
  if (!leases) return [];
  const networks = () => inside.facts().dhcp?.networks ?? [];
  return [
    {
      kind: 'gauge',
      name: 'pxed_leases',
      labels: ['subnet', 'state'],
      help: 'Leases that hold, by network: bound, or declined (somebody else uses the address)',
      read: () =>
        [...countLeases(networks(), leases.all(), Date.now())].flatMap(([subnet, { bound, declined }]) => [
          { labels: { subnet, state: 'bound' }, value: bound },
          { labels: { subnet, state: 'declined' }, value: declined },
        ]),
    },
    {
      kind: 'gauge',
      name: 'pxed_pool_addresses',
      labels: ['subnet'],
      help: 'Addresses of a network that may be given to whoever asks',
      read: () =>
        networks().map(({ subnet, ranges }) => ({
          labels: { subnet: formatSubnet(subnet) },
          value: ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0),
        })),
    },
  ];
}

type Held = { readonly ip: Ipv4; readonly state: string; readonly expiresAt: number };

/** One look-up a lease for each length of prefix that there is, however many networks there are. */
export function countLeases(
  networks: readonly Pick<Network, 'subnet'>[],
  leases: Iterable<Held>,
  now: number,
): Map<string, Counted> {
  const counts = new Map<string, Counted>();
  const byLength = new Map<number, Map<Ipv4, Counted>>();
  for (const { subnet } of networks) {
    const counted = { bound: 0, declined: 0 };
    counts.set(formatSubnet(subnet), counted);
    const same = byLength.get(subnet.length) ?? new Map<Ipv4, Counted>();
    byLength.set(subnet.length, same.set(subnet.network, counted));
  }
  for (const { ip, state, expiresAt } of leases) {
    if (expiresAt <= now || (state !== 'bound' && state !== 'abandoned')) continue;
    for (const [length, same] of byLength) {
      const counted = same.get(subnetOf(ip, length).network);
      if (counted) counted[state === 'bound' ? 'bound' : 'declined']++;
    }
  }
  return counts;
}
