import { chownSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ipv4 } from '../lib/ipv4.ts';
import { createLeaseDatabase, syncFolder } from './lease-database.ts';
import { createLeaseIndex } from './lease-index.ts';
import { type Cell, leaseOf, machineOf, type PastBinding, pastOf, type StoredLease } from './lease-rows.ts';
import { MIGRATIONS } from './lease-schema.ts';
import { createSqliteLeases } from './lease-sqlite.ts';
import { type Batch, createLeaseWriter } from './lease-writer.ts';
import { lockOwner } from './lock-owner.ts';
import { readableRows, userVersion } from './sqlite-pages.ts';
import { asStoreProblem, StoreProblem } from './store-problem.ts';

/** How a rescue ended: nothing was wrong, or what was saved and where the damaged file is now. */
export type Rescue =
  | { readonly kind: 'sound'; readonly leases: number }
  | {
      readonly kind: 'rescued';
      readonly leases: number;
      readonly machines: number;
      readonly history: number;
      readonly kept: string;
    };

/**
 * Makes a lease store of all rows that can still be read from a damaged one. The damaged file stays beside it, as
 * `leases.db.damaged-<time>`, with its journal. Rows are logs, so the newest row of an address that is left counts: a lease
 * whose newest row is lost comes back as it was before.
 *
 * Throws StoreProblem when the store is in use, there is none, it is not ours or of a newer pxed. `time` names the file.
 */
export async function rescueLeases(path: string, time: Date): Promise<Rescue> {
  const walPath = `${path}-wal`;
  const found = await lookAt(path, walPath);
  if (typeof found === 'number') return { kind: 'sound', leases: found };
  try {
    const main = existsSync(path) ? readFileSync(path) : new Uint8Array();
    const wal = existsSync(walPath) ? readFileSync(walPath) : new Uint8Array();
    if ((userVersion(main) ?? 0) > MIGRATIONS.length) {
      throw new StoreProblem('newer', path, { detail: 'written by a newer pxed' });
    }
    const batch = salvage(readableRows({ main, wal }));
    const count = batch.leases.length + batch.machines.length + batch.history.length;
    // Only the mark in the header tells a store of ours from somebody else's file; it may be what is damaged.
    if (found.fault === 'foreign' && count === 0) throw found;
    const draft = `${path}.rescue`;
    const db = createLeaseDatabase(draft);
    createLeaseWriter(db).write(batch);
    db.close();
    const kept = putInPlace(draft, path, time);
    const { leases, machines, history } = batch;
    return {
      kind: 'rescued',
      leases: leases.length,
      machines: machines.length,
      history: history.length,
      kept,
    };
  } catch (cause) {
    throw asStoreProblem(path, cause);
  }
}

/** The number of leases when the store can be opened as it is, or what is wrong with the file. */
async function lookAt(path: string, walPath: string): Promise<number | StoreProblem> {
  const owner = existsSync(path) ? lockOwner(path) : undefined;
  if (owner !== undefined) throw new StoreProblem('locked', path, { detail: `in use by ${owner}` });
  if (!existsSync(path) && !existsSync(walPath)) {
    throw new StoreProblem('unusable', path, { detail: 'there is no such file' });
  }
  const store = createSqliteLeases(path, { warm: false });
  try {
    await store.load();
    return [...store.all()].length;
  } catch (error) {
    if (error instanceof StoreProblem && (error.fault === 'damaged' || error.fault === 'foreign'))
      return error;
    throw error;
  } finally {
    store.close();
  }
}

/** The records that count, of rows in any order. */
function salvage(rows: Iterable<readonly Cell[]>): Batch {
  const leases: StoredLease[] = [];
  const machines = new Map<string, Batch['machines'][number]>();
  const history = new Map<number, PastBinding>();
  for (const row of rows) {
    const lease = leaseOf(row);
    if (lease) leases.push(lease);
    const machine = machineOf(row);
    if (machine && machine.id > (machines.get(machine.machine.mac)?.id ?? 0)) {
      machines.set(machine.machine.mac, machine);
    }
    const past = pastOf(row);
    if (past) history.set(Number(row[0]), past);
  }
  return {
    leases: newest(leases),
    machines: [...machines.values()].sort((a, b) => a.id - b.id),
    history: [...history].map(([id, past]) => ({ id, past })).sort((a, b) => a.id - b.id),
    goneMachines: [],
  };
}

function newest(rows: StoredLease[]): StoredLease[] {
  const index = createLeaseIndex();
  const stored = new Map<Ipv4, StoredLease>();
  for (const row of rows.sort((a, b) => a.id - b.id)) {
    if ('gone' in row) index.apply({ kind: 'remove', ip: row.gone });
    else {
      index.apply({ kind: 'put', lease: row.lease, volatile: false });
      stored.set(row.lease.ip, row);
    }
  }
  return [...index.leases()].map(({ ip }) => stored.get(ip)!).sort((a, b) => a.id - b.id);
}

/**
 * The new store under the name of the old. At no moment is there no file: pxed, started then, would begin with an empty one.
 * The old journal goes before the new file comes: SQLite would apply the one to the other.
 */
export function putInPlace(draft: string, path: string, time: Date): string {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, '');
  const kept = `${path}.damaged-${stamp}`;
  const { uid, gid } = statSync(existsSync(path) ? path : dirname(path));
  if (existsSync(path)) copyFileSync(path, kept);
  if (process.getuid?.() === 0) chownSync(draft, uid, gid);
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
  rmSync(`${path}-shm`, { force: true });
  renameSync(draft, path);
  syncFolder(dirname(path));
  return kept;
}
