import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import type { Lease } from '../dhcp/lease.ts';

/**
 * Whether the wall clock was set while nobody looked.
 *
 * Records tell times of the wall clock. With them is kept how far that clock was ahead of the time since the system
 * started, and which start that was. Found again within the same start, the difference shows by how much the clock was
 * set: on a board without a battery, by decades. After another start only this is known: nothing can have happened
 * later than now.
 */
export type Moment = {
  /** Milliseconds since 1970. */
  readonly wall: number;
  /** Which start of the system this is; absent where it does not tell. */
  readonly boot?: string;
  /** Milliseconds since that start, time asleep included. */
  readonly uptime: number;
};

/** What the `clock` table holds. */
export type KeptClock = { readonly boot: string | null; readonly ahead: number };

/** Corrections of less than this are none: clients count whole seconds, and so does the time since the start. */
const TOLERANCE_MS = 5_000;

/** The present moment. */
export function thisMoment(): Moment {
  const boot = bootId();
  return { wall: Date.now(), uptime: uptime() * 1000, ...(boot !== undefined && { boot }) };
}

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined; // not Linux
  }
}

/** By how many ms the clock was set since the records were written; 0 for what is no more than a correction. */
export function wasSetBy(kept: KeptClock | undefined, leases: Iterable<Lease>, now: Moment): number {
  if (kept && kept.boot !== null && kept.boot === now.boot) return beyond(now.wall - now.uptime - kept.ahead);
  let newest = Number.NEGATIVE_INFINITY;
  for (const { since } of leases) newest = Math.max(newest, since);
  return Math.min(0, beyond(now.wall - newest));
}

function beyond(ms: number): number {
  return Number.isFinite(ms) && Math.abs(ms) > TOLERANCE_MS ? Math.round(ms) : 0;
}

export function readClock(db: DatabaseSync): KeptClock | undefined {
  const row = db.prepare('SELECT boot, ahead FROM clock').get();
  if (!row) return undefined;
  return { boot: typeof row.boot === 'string' ? row.boot : null, ahead: Number(row.ahead) };
}

/** Within a transaction of the caller's. */
export function writeClock(db: DatabaseSync, { wall, boot, uptime: sinceStart }: Moment): void {
  db.exec('DELETE FROM clock');
  db.prepare('INSERT INTO clock VALUES (?, ?)').run(boot ?? null, Math.round(wall - sinceStart));
}

/** Moves all times of all records; within a transaction of the caller's. */
export function shiftRows(db: DatabaseSync, ms: number): void {
  const by = Math.round(ms);
  db.prepare(
    'UPDATE lease SET since = since + ?1, began = began + ?1, expires = expires + ?1', // NULL stays NULL
  ).run(by);
  db.prepare('UPDATE machine SET booted = booted + ?1').run(by);
  db.prepare('UPDATE history SET began = began + ?1, ended = ended + ?1').run(by);
}
