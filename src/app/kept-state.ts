import { join, resolve } from 'node:path';
import { type BootChoice, isValid } from '../boot/choice.ts';
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
  /** What an operator chose for it; `now` in ms since 1970. */
  readonly choiceOf: (mac: Mac, now: number) => BootChoice | undefined;
  /** Where it comes from, or why there is none: for people. */
  readonly notes: readonly string[];
  close(): void;
};

/** Reads the state folder of a configuration, of a pxed that runs, too. What is not there, or cannot be read, is empty. */
export async function readKeptState({ state }: Pick<Config, 'state'>): Promise<KeptState> {
  if (state === MEMORY) {
    const notes = ['no leases are kept (state: memory)'];
    const nothing = { progressOf: () => undefined, choiceOf: () => undefined };
    return { leases: createMemoryLeases(), ...nothing, notes, close() {} };
  }
  const folder = state === undefined ? usualStateFolder() : resolve(state);
  const leases = await readCopy(join(folder, LEASE_FILE), async (path) => {
    const kept = createSqliteLeases(path, { warm: false });
    await kept.load();
    return kept;
  });
  const progress = await readCopy(join(folder, PROGRESS_FILE), async (path) => {
    const kept = createSqliteProgress(path);
    kept.load();
    return kept;
  });
  return {
    leases: leases.kept ?? createMemoryLeases(),
    progressOf: (mac) => progress.kept?.get(mac),
    choiceOf(mac, now) {
      const choice = progress.kept?.choiceOf(mac);
      return choice && isValid(choice, now) ? choice : undefined;
    },
    notes: [leases.note, progress.note],
    close() {
      leases.close();
      progress.close();
    },
  };
}

type Copied<T> = { readonly kept?: T; readonly note: string; close(): void };

/** Damaged, of a newer pxed, or not ours to read: said, and done without. */
async function readCopy<T extends { close(): void }>(
  path: string,
  open: (copy: string) => Promise<T>,
): Promise<Copied<T>> {
  let copy: StoreCopy | undefined;
  try {
    copy = copyStore(path);
    if (!copy) return { note: `nothing is kept in ${path}`, close() {} };
    const { delete: remove } = copy;
    const kept = await open(copy.path);
    const close = () => {
      kept.close();
      remove();
    };
    return { kept, note: `as kept in ${path}`, close };
  } catch (error) {
    copy?.delete();
    const why = error instanceof Error ? error.message : String(error);
    const named = copy ? why.replaceAll(copy.path, path) : why;
    return { note: `what is kept cannot be read: ${named}`, close() {} };
  }
}
