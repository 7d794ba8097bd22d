import { existsSync, readFileSync } from 'node:fs';
import type { Mac } from '../lib/mac.ts';
import { createSqliteProgress } from './boot-progress.ts';
import {
  BOOT,
  choiceOf,
  choiceRow,
  progressOf,
  progressRow,
  REPLACE_CHOICE,
  REPLACE_PROGRESS,
  type StoredChoice,
  type StoredProgress,
} from './boot-schema.ts';
import { createStoreDatabase } from './lease-database.ts';
import { putInPlace } from './lease-rescue.ts';
import { lockOwner } from './lock-owner.ts';
import { readableRows, userVersion } from './sqlite-pages.ts';
import { asStoreProblem, StoreProblem } from './store-problem.ts';

/** How a rescue ended: nothing was wrong, or what was saved and where the damaged file is now. */
export type ProgressRescue =
  | { readonly kind: 'sound'; readonly machines: number }
  | { readonly kind: 'rescued'; readonly machines: number; readonly kept: string };

/**
 * Makes a store of boot progress of all rows that can still be read from a damaged one, which stays beside it as
 * `boot.db.damaged-<time>`. A machine whose row is lost is offered again what it has installed.
 *
 * Throws StoreProblem when the store is in use, there is none, it is not ours or of a newer pxed. `time` names the file.
 */
export function rescueProgress(path: string, time: Date): ProgressRescue {
  const found = lookAt(path);
  if (typeof found === 'number') return { kind: 'sound', machines: found };
  try {
    const main = existsSync(path) ? readFileSync(path) : new Uint8Array();
    const wal = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : new Uint8Array();
    if ((userVersion(main) ?? 0) > BOOT.migrations.length) {
      throw new StoreProblem('newer', path, { detail: 'written by a newer pxed' });
    }
    const { rows, choices } = salvage({ main, wal });
    // Only the mark in the header tells a store of ours from somebody else's file; it may be what is damaged.
    if (found.fault === 'foreign' && rows.length === 0) throw found;
    const draft = `${path}.rescue`;
    writeAnew(draft, rows, choices);
    return { kind: 'rescued', machines: rows.length, kept: putInPlace(draft, path, time) };
  } catch (cause) {
    throw asStoreProblem(path, cause);
  }
}

/** The number of machines when the store can be opened as it is, or what is wrong with the file. */
function lookAt(path: string): number | StoreProblem {
  const owner = existsSync(path) ? lockOwner(path) : undefined;
  if (owner !== undefined) throw new StoreProblem('locked', path, { detail: `in use by ${owner}` });
  if (!existsSync(path) && !existsSync(`${path}-wal`)) {
    throw new StoreProblem('unusable', path, { detail: 'there is no such file' });
  }
  const store = createSqliteProgress(path);
  try {
    store.load();
    return [...store.all()].length;
  } catch (error) {
    if (error instanceof StoreProblem && (error.fault === 'damaged' || error.fault === 'foreign'))
      return error;
    throw error;
  } finally {
    store.close();
  }
}

/** One row a machine: of two, which only damage makes, the later. Their numbers are given anew. */
function salvage(file: { readonly main: Uint8Array; readonly wal: Uint8Array }): {
  readonly rows: readonly StoredProgress[];
  readonly choices: readonly StoredChoice[];
} {
  const choices = new Map<Mac, StoredChoice>();
  const machines = new Map<Mac, StoredProgress>();
  for (const row of readableRows(file)) {
    const chosen = choiceOf(row);
    if (chosen) choices.set(chosen.mac, chosen);
    const stored = progressOf(row);
    const before = stored && machines.get(stored.mac);
    if (!stored || (before && before.progress.since > stored.progress.since)) continue;
    machines.set(stored.mac, stored);
  }
  const rows = [...machines.values()].map((stored, at) => ({ ...stored, id: at + 1 }));
  return { rows, choices: [...choices.values()] };
}

function writeAnew(path: string, rows: readonly StoredProgress[], choices: readonly StoredChoice[]): void {
  const db = createStoreDatabase(path, BOOT);
  try {
    const replace = db.prepare(REPLACE_PROGRESS);
    db.exec('BEGIN IMMEDIATE');
    for (const row of rows) replace.run(...progressRow(row));
    const choose = db.prepare(REPLACE_CHOICE);
    for (const one of choices) choose.run(...choiceRow(one));
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
