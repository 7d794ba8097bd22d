import type { Lease, LeaseMutation, Machine } from '../dhcp/lease.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { LeaseStore } from './lease-store.ts';

/** Machines remembered; past it the one that booted longest ago is forgotten, so that forged MACs cannot fill memory. */
const MAX_MACHINES = 100_000;

/** Leases in memory: gone with the process. One record per address ever given, {@link MAX_MACHINES} machines. */
export function createMemoryLeases(): LeaseStore {
  const byIp = new Map<Ipv4, Lease>();
  const byClient = new Map<string, Lease>();
  const machines = new Map<Mac, Machine>();

  function remove(ip: Ipv4): void {
    const lease = byIp.get(ip);
    byIp.delete(ip);
    if (lease && lease.client !== '') byClient.delete(lease.client);
  }

  function put(lease: Lease): void {
    remove(lease.ip);
    const former = lease.client === '' ? undefined : byClient.get(lease.client);
    if (former) remove(former.ip);
    byIp.set(lease.ip, lease);
    if (lease.client !== '') byClient.set(lease.client, lease);
  }

  function remember(machine: Machine): void {
    // A Map keeps the order of insertion: the first is the one longest not seen.
    machines.delete(machine.mac);
    machines.set(machine.mac, machine);
    if (machines.size <= MAX_MACHINES) return;
    const [oldest] = machines.keys();
    if (oldest !== undefined) machines.delete(oldest);
  }

  function apply(mutation: LeaseMutation): void {
    if (mutation.kind === 'put') put(mutation.lease);
    else if (mutation.kind === 'remove') remove(mutation.ip);
    else remember(mutation.machine);
  }

  return {
    load: async () => {},
    stage: (mutations) => mutations.forEach(apply),
    commit: () => {},
    all: () => byIp.values(),
    close: () => {},
    byIp: (ip) => byIp.get(ip),
    byClient: (client) => byClient.get(client),
    machine: (mac) => machines.get(mac),
  };
}
