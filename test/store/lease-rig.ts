import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll } from 'vitest';
import type { Lease, LeaseMutation } from '../../src/dhcp/lease.ts';
import { openLeaseDatabase } from '../../src/store/lease-database.ts';
import { createSqliteLeases, type SqliteLeases } from '../../src/store/lease-sqlite.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';
import type { Moment } from '../../src/store/lease-times.ts';

export const NOON = Date.UTC(2026, 0, 1, 12);
export const HOUR = 3_600_000;

/** Gives a path for a lease file in a folder of its own; all are removed when the test file ends. */
export function leaseFiles(): () => string {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'pxed-leases-'));
    folders.push(folder);
    return join(folder, 'leases.db');
  };
}

export function lease(ip: number, client: string, fields: Partial<Lease> = {}): Lease {
  return {
    ip,
    client,
    mac: client === '' ? '' : '52:54:00:00:00:01',
    state: 'bound',
    expiresAt: NOON + HOUR,
    since: NOON,
    kind: 'dhcp',
    ...fields,
  };
}

export function put(one: Lease, volatile = false): LeaseMutation {
  return { kind: 'put', lease: one, volatile };
}

/** Stages and commits. */
export function save(store: LeaseStore, ...mutations: readonly LeaseMutation[]): void {
  store.stage(mutations);
  store.commit();
}

export type LoadedLeases = SqliteLeases & { readonly db: DatabaseSync };

/** An open store whose file can be meddled with through `db`. */
export async function loaded(
  path: string,
  options: { moment?: Moment; historyMost?: number; historyDays?: number; tidyRows?: number } = {},
): Promise<LoadedLeases> {
  const { moment = { wall: NOON, uptime: 1000, boot: 'one' }, ...limits } = options;
  let db: DatabaseSync | undefined;
  const store = createSqliteLeases(path, {
    ...limits,
    warm: false,
    moment: () => moment,
    open: (file) => {
      db = openLeaseDatabase(file);
      return db;
    },
  });
  await store.load();
  return Object.assign(store, { db: db! });
}

/** All that a store knows, in an order that does not matter. */
export function contentOf(store: LeaseStore): readonly Lease[] {
  return [...store.all()].sort((a, b) => a.ip - b.ip);
}

/** The files as a process that is killed now would leave them, under another name. */
export function asKilled(path: string, other: string): string {
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${other}${suffix}`);
  }
  return other;
}
