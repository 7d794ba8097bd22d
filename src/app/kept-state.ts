import { join, resolve } from 'node:path';
import type { BootProgress } from '../boot/install-once.ts';
import type { Config } from '../config/schema.ts';
import type { Mac } from '../lib/mac.ts';
import { createSqliteProgress } from '../store/boot-progress.ts';
import { createMemoryLeases } from '../store/lease-memory.ts';
import { createSqliteLeases } from '../store/lease-sqlite.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { copyStore, type StoreCopy } from '../store/store-copy.ts';
import { LEASE_FILE, MEMORY, PROGRESS_FILE, usualStateFolder } from './lease-state.ts';

/** What a pxed has kept of its machines, as it stands now. Changes to it reach nobody. */
export type KeptState = {
  readonly leases: LeaseStore;
  readonly progressOf: (mac: Mac) => BootProgress | undefined;
  /** Where it comes from, or why there is none: for people. */
  readonly notes: readonly string[];
  close(): void;
};

/** Reads the state folder of a configuration, of a pxed that runs, too. What is not there, or cannot be read, is empty. */
export async function readKeptState({ state }: Pick<Config, 'state'>): Promise<KeptState> {
  const notes: string[] = [];
  const copies: StoreCopy[] = [];
  const take = (file: string): string | undefined => {
    if (state === MEMORY) return undefined;
    const path = join(state === undefined ? usualStateFolder() : resolve(state), file);
    const copy = copyStore(path);
    if (copy) copies.push(copy);
    notes.push(copy ? `as kept in ${path}` : `nothing is kept in ${path}`);
    return copy?.path;
  };
  const sqlite = await read('leases', notes, async () => {
    const path = take(LEASE_FILE);
    if (path === undefined) return undefined;
    const kept = createSqliteLeases(path, { warm: false });
    await kept.load();
    return kept;
  });
  const progress = await read('boot progress', notes, async () => {
    const path = take(PROGRESS_FILE);
    if (path === undefined) return undefined;
    const kept = createSqliteProgress(path);
    kept.load();
    return kept;
  });
  return {
    leases: sqlite ?? createMemoryLeases(),
    progressOf: (mac) => progress?.get(mac),
    notes: state === MEMORY ? ['no leases are kept (state: memory)'] : notes,
    close() {
      sqlite?.close();
      progress?.close();
      for (const copy of copies) copy.delete();
    },
  };
}

/** Damaged, of a newer pxed, or not ours to read: said, and done without. */
async function read<T>(
  what: string,
  notes: string[],
  open: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    notes.push(`no ${what}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
