import { createLeaseIndex, shiftedLease, shiftedMachine } from './lease-index.ts';
import type { LeaseStore } from './lease-store.ts';

/** Leases in memory: gone with the process. One record per address ever given, and a bounded number of machines. */
export function createMemoryLeases(): LeaseStore {
  const index = createLeaseIndex();
  return {
    load: async () => {},
    stage: (mutations) => mutations.forEach(index.apply),
    commit: () => {
      const { leases, machines } = index.changes;
      const any = leases.size + machines.size > 0;
      index.keep();
      return any;
    },
    shift: (ms) =>
      index.rewrite(
        (lease) => shiftedLease(lease, ms),
        (machine) => shiftedMachine(machine, ms),
      ),
    tidy: () => {},
    all: index.leases,
    history: () => [],
    close: () => {},
    byIp: index.byIp,
    byClient: index.byClient,
    machine: index.machine,
  };
}
