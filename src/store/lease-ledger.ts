import type { Lease, LeaseMutation } from '../dhcp/lease.ts';
import { IpMap } from '../lib/ip-map.ts';
import type { Mac } from '../lib/mac.ts';
import { continues, endingOf } from './lease-ending.ts';
import { createLeaseIndex, shiftedLease, shiftedMachine } from './lease-index.ts';
import type { StoredLease, StoredMachine } from './lease-rows.ts';
import type { Batch } from './lease-writer.ts';

/**
 * What is in memory of a lease file, and which row says it.
 *
 * `live` is what the brains read. `kept` is what stands in the file: of the changes it takes those alone that are not
 * volatile. What differs in `kept` since the last {@link LeaseLedger.adopt} is the next batch of rows.
 *
 * Rows are a log: the newest of an address counts, and one without a lease says that there is none. Rows that are
 * superseded are deleted later, in the order in which they became so: none comes to light again.
 */
export type LeaseLedger = ReturnType<typeof createLeaseLedger>;

export function createLeaseLedger() {
  const live = createLeaseIndex();
  const kept = createLeaseIndex();
  const leaseRows = new IpMap<{ readonly id: number; readonly began: number }>();
  const machineRows = new Map<Mac, number>();
  const superseded = { leases: [] as number[], machines: [] as number[] };
  let lastId = 0;

  function keep(): void {
    live.keep();
    kept.keep();
  }

  function leaseBatch(batch: Batch, nextId: () => number): void {
    for (const [ip, before] of kept.changes.leases) {
      const lease = kept.byIp(ip);
      if (lease === before) continue;
      const row = leaseRows.get(ip);
      const former = before && row && { lease: before, began: row.began };
      if (lease) {
        const began = continues(former, lease) ? former.began : lease.since;
        batch.leases.push({ id: nextId(), lease, began });
      } else if (row) batch.leases.push({ id: nextId(), gone: ip });
      const ofClient = before && kept.byClient(before.client);
      const past = former && endingOf(former, { atAddress: lease, ofClient });
      if (past) batch.history.push({ id: nextId(), past });
    }
  }

  function noteLease(stored: StoredLease): void {
    const { id } = stored;
    const ip = 'gone' in stored ? stored.gone : stored.lease.ip;
    const row = leaseRows.get(ip);
    if (row) superseded.leases.push(row.id);
    if ('gone' in stored) {
      leaseRows.delete(ip);
      superseded.leases.push(id);
    } else leaseRows.set(ip, { id, began: stored.began });
    lastId = Math.max(lastId, id);
  }

  function noteMachine({ id, machine }: StoredMachine): void {
    const row = machineRows.get(machine.mac);
    if (row !== undefined) superseded.machines.push(row);
    machineRows.set(machine.mac, id);
    lastId = Math.max(lastId, id);
  }

  return {
    live,
    kept,
    /** Rows that no longer count, oldest first; whoever deletes them takes them out. */
    superseded,

    /** A row of the file, in their order. */
    readLease(stored: StoredLease): void {
      for (const index of [live, kept]) {
        if ('gone' in stored) index.apply({ kind: 'remove', ip: stored.gone });
        else index.restore(stored.lease);
      }
      noteLease(stored);
    },
    readMachine(stored: StoredMachine): void {
      live.apply({ kind: 'machine', machine: stored.machine });
      noteMachine(stored);
      // To clear a Map is to make a new one: not with every row.
      if (live.changes.machines.size > 1000) keep();
    },
    /** All rows are read; `last` is the highest id of the file. */
    readDone(last: number): void {
      lastId = Math.max(lastId, last);
      for (const [mac, id] of machineRows) {
        if (live.machine(mac)) continue;
        superseded.machines.push(id);
        machineRows.delete(mac);
      }
      keep();
    },

    stage(mutation: LeaseMutation): void {
      live.apply(mutation);
      const isVolatile = mutation.kind === 'machine' || (mutation.kind === 'put' && mutation.volatile);
      if (!isVolatile) kept.apply(mutation);
    },
    /** What differs from the file, as rows; undefined when nothing does. Changes nothing. */
    batch(): Batch | undefined {
      if (kept.changes.leases.size === 0 && live.changes.machines.size === 0) return undefined;
      const batch: Batch = { leases: [], machines: [], history: [], goneMachines: [] };
      let id = lastId;
      leaseBatch(batch, () => ++id);
      for (const mac of live.changes.machines.keys()) {
        const machine = live.machine(mac);
        const row = machineRows.get(mac);
        if (machine) batch.machines.push({ id: ++id, machine });
        else if (row !== undefined) batch.goneMachines.push(row);
      }
      return batch;
    },
    /** Every record as the row it was, for a file that has none. Superseded rows that are not there are deleted in vain. */
    everything(): Batch {
      const batch: Batch = { leases: [], machines: [], history: [], goneMachines: [] };
      for (const lease of kept.leases()) {
        const row = leaseRows.get(lease.ip);
        if (row) batch.leases.push({ id: row.id, lease, began: row.began });
      }
      for (const machine of live.machines()) {
        const id = machineRows.get(machine.mac);
        if (id !== undefined) batch.machines.push({ id, machine });
      }
      return batch;
    },
    /** The batch is in the file. */
    adopt({ leases, machines, history }: Batch): void {
      for (const mac of live.changes.machines.keys()) if (!live.machine(mac)) machineRows.delete(mac);
      leases.forEach(noteLease);
      machines.forEach(noteMachine);
      for (const { id } of history) lastId = Math.max(lastId, id);
    },
    keep,
    /** Back to the last {@link keep}. */
    undo(): void {
      live.undo();
      kept.undo();
    },
    /** Moves all times. Both indexes go on to hold the same objects. */
    shift(ms: number): void {
      const moved = new Map<Lease, Lease>();
      const moveLease = (lease: Lease): Lease => {
        const after = moved.get(lease) ?? shiftedLease(lease, ms);
        moved.set(lease, after);
        return after;
      };
      for (const index of [kept, live]) index.rewrite(moveLease, (machine) => shiftedMachine(machine, ms));
      for (const [ip, { id, began }] of leaseRows) leaseRows.set(ip, { id, began: began + ms });
    },
  };
}
