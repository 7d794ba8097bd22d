import type { Lease, LeaseMutation } from '../dhcp/lease.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { LeaseStore } from './lease-store.ts';

/** Leases in memory: gone with the process, but for `initial`. A record per address ever given, no more. */
export function createMemoryLeases(initial: readonly Lease[] = []): LeaseStore {
  const byIp = new Map<Ipv4, Lease>();
  const byClient = new Map<string, Lease>();
  const byMac = new Map<Mac, readonly Lease[]>();

  function remove(ip: Ipv4): void {
    const lease = byIp.get(ip);
    if (!lease) return;
    byIp.delete(ip);
    if (lease.client !== '') byClient.delete(lease.client);
    if (lease.mac === '') return;
    const others = byMac.get(lease.mac)?.filter((other) => other.ip !== ip) ?? [];
    if (others.length > 0) byMac.set(lease.mac, others);
    else byMac.delete(lease.mac);
  }

  function put(lease: Lease): void {
    remove(lease.ip);
    if (lease.client !== '') {
      const former = byClient.get(lease.client);
      if (former) remove(former.ip);
      byClient.set(lease.client, lease);
    }
    byIp.set(lease.ip, lease);
    if (lease.mac !== '') byMac.set(lease.mac, [...(byMac.get(lease.mac) ?? []), lease]);
  }

  function commit(mutations: readonly LeaseMutation[]): void {
    for (const mutation of mutations) {
      if (mutation.kind === 'put') put(mutation.lease);
      else remove(mutation.ip);
    }
  }

  for (const lease of initial) put(lease);
  return {
    load: async () => {},
    commit,
    all: () => byIp.values(),
    close: () => {},
    byIp: (ip) => byIp.get(ip),
    byClient: (client) => byClient.get(client),
    byMac: (mac) => byMac.get(mac) ?? [],
  };
}
