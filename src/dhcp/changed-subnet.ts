import { networkOfKey, withNetwork } from './identity.ts';
import { isLive, type Lease, type LeaseBook, type LeaseMutation } from './lease.ts';
import type { DhcpPlan } from './plan.ts';

/**
 * Leases that belong to a network which is not there any more, and whose address lies in one that is: somebody gave the
 * network another prefix, or took it apart. They go along, so that their clients are not refused their own addresses. Of a
 * client with several of them the running one that was heard of last stays; one that has another by now keeps that.
 */
export function leasesToMove(plan: DhcpPlan, leases: LeaseBook, now: number): LeaseMutation[] {
  const known = new Set(plan.networks.map(({ key }) => key));
  const moved: Lease[] = [];
  for (const lease of leases.all()) {
    if (lease.client === '' || known.has(networkOfKey(lease.client))) continue;
    const [network] = plan.places.at(lease.ip);
    const client = network && withNetwork(lease.client, network);
    if (client !== undefined && !leases.byClient(client)) moved.push({ ...lease, client });
  }
  // The last one that is put under a key is the one that stays.
  const rank = (lease: Lease): number => (isLive(lease, now) && lease.state === 'bound' ? 1 : 0);
  moved.sort((a, b) => rank(a) - rank(b) || a.since - b.since);
  return moved.map((lease) => ({
    kind: 'put',
    lease,
    volatile: lease.state === 'offered' || lease.state === 'probing',
  }));
}
