import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  historyRow,
  INSERT_HISTORY,
  INSERT_LEASE,
  INSERT_LEASES,
  INSERT_MACHINE,
  LEASES_AT_ONCE,
  leaseRow,
  machineRow,
  type PastBinding,
  type StoredLease,
  type StoredMachine,
} from './lease-rows.ts';

/** What one commit writes. */
export type Batch = {
  readonly leases: StoredLease[];
  readonly machines: StoredMachine[];
  readonly history: { readonly id: number; readonly past: PastBinding }[];
  /** Rows of machines that are forgotten. */
  readonly goneMachines: number[];
};

/** Rows of the history deleted in one step. */
const MOST_IDS = 500;

/** Prepared statements of one open store. All throw what node:sqlite throws. */
export function createLeaseWriter(db: DatabaseSync) {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const lease = db.prepare(INSERT_LEASE);
  const leases = db.prepare(INSERT_LEASES);
  const machine = db.prepare(INSERT_MACHINE);
  const history = db.prepare(INSERT_HISTORY);
  const deleteLease = db.prepare('DELETE FROM lease WHERE id = ?');
  const deleteMachine = db.prepare('DELETE FROM machine WHERE id = ?');
  const oldestPast = db.prepare('SELECT id, ended FROM history ORDER BY id LIMIT ?');
  const trimPast = db.prepare('DELETE FROM history WHERE id <= ?');

  /** All or nothing: what `write` throws undoes it, and is thrown on. */
  function transaction(write: () => void): void {
    // Left open when the disk refused even to undo it.
    if (db.isTransaction) db.exec('ROLLBACK');
    begin.run();
    try {
      write();
      commit.run();
    } catch (error) {
      // A full disk has SQLite roll back by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  /** As many as a statement takes at once: each run of one costs more than a row. */
  function writeLeases(rows: readonly StoredLease[]): void {
    let from = 0;
    for (; from + LEASES_AT_ONCE <= rows.length; from += LEASES_AT_ONCE) {
      leases.run(...rows.slice(from, from + LEASES_AT_ONCE).flatMap(leaseRow));
    }
    for (; from < rows.length; from++) lease.run(...leaseRow(rows[from]!));
  }

  function writeAll({ leases: rows, machines, history: past, goneMachines }: Batch): void {
    writeLeases(rows);
    for (const one of machines) machine.run(...machineRow(one));
    for (const one of past) history.run(...historyRow(one.id, one.past));
    deleteEach(deleteMachine, goneMachines);
  }

  return {
    transaction,
    write(batch: Batch): void {
      const { leases, machines, history: past, goneMachines } = batch;
      const others = machines.length + past.length + goneMachines.length;
      // One statement is a transaction by itself.
      if (leases.length === 1 && others === 0) writeAll(batch);
      else transaction(() => writeAll(batch));
    },
    deleteRows(leases: readonly number[], machines: readonly number[]): void {
      transaction(() => {
        deleteEach(deleteLease, leases);
        deleteEach(deleteMachine, machines);
      });
    },
    /** Of the oldest rows, deletes those beyond `excess` in number or `before` in time; returns how many. */
    trimHistory(limits: { readonly excess: number; readonly before: number }): number {
      const isOver = ({ ended }: Record<string, unknown>, place: number): boolean =>
        place < limits.excess || Number(ended) < limits.before;
      const [oldest] = oldestPast.all(1);
      if (!oldest || !isOver(oldest, 0)) return 0;
      const rows = oldestPast.all(MOST_IDS);
      const stays = rows.findIndex((row, place) => !isOver(row, place));
      const count = stays < 0 ? rows.length : stays;
      trimPast.run(Number(rows[count - 1]!.id));
      return count;
    },
    checkpoint(): void {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    },
  };
}

export type LeaseWriter = ReturnType<typeof createLeaseWriter>;

function deleteEach(statement: StatementSync, ids: readonly number[]): void {
  for (const id of ids) statement.run(id);
}
