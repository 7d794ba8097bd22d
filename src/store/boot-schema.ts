import type { BootChoice } from '../boot/choice.ts';
import type { BootProgress } from '../boot/install-once.ts';
import type { Mac } from '../lib/mac.ts';
import type { Cell } from './lease-rows.ts';
import type { StoreSchema } from './lease-schema.ts';

/**
 * What machines have got through, a row each; `since` in milliseconds since 1970, lists as JSON. A row keeps its number as long
 * as its machine is known.
 */
export const BOOT: StoreSchema = {
  name: 'store of boot progress',
  applicationId: 0x7078_6264, // "pxbd"
  migrations: [
    `
    CREATE TABLE progress (
      id INTEGER PRIMARY KEY,
      mac TEXT NOT NULL,
      profile TEXT NOT NULL,
      state TEXT NOT NULL,
      since INTEGER NOT NULL,
      needs TEXT,
      fetched TEXT NOT NULL,
      finished TEXT NOT NULL
    ) STRICT;
    `,
    // What an operator chose for a machine; `taken` NULL = no loader was given it yet.
    `
    CREATE TABLE choice (
      id INTEGER PRIMARY KEY,
      mac TEXT NOT NULL UNIQUE,
      profile TEXT NOT NULL,
      once INTEGER NOT NULL,
      since INTEGER NOT NULL,
      taken INTEGER
    ) STRICT;
    `,
  ],
};

export type StoredProgress = { readonly id: number; readonly mac: Mac; readonly progress: BootProgress };

export const REPLACE_PROGRESS = 'INSERT OR REPLACE INTO progress VALUES (?,?,?,?,?,?,?,?)';

export function progressRow({ id, mac, progress }: StoredProgress): (number | string | null)[] {
  const { profile, state, since, needs, fetched, finished = [] } = progress;
  const wanted = needs === undefined ? null : JSON.stringify(needs);
  return [
    ...[id, mac, profile, state, Math.floor(since), wanted],
    ...[JSON.stringify(fetched), JSON.stringify(finished)],
  ];
}

/** What a row says; undefined for one that makes no sense. */
export function progressOf(row: readonly Cell[]): StoredProgress | undefined {
  const [id, mac, profile, state, since, needsText, fetchedText, finishedText] = row;
  if (row.length !== 8 || typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return undefined;
  if (typeof mac !== 'string' || !MAC.test(mac)) return undefined;
  if (typeof profile !== 'string' || !isState(state)) return undefined;
  if (typeof since !== 'number' || !Number.isSafeInteger(since)) return undefined;
  const fetched = namesOf(fetchedText);
  const finished = namesOf(finishedText);
  const needs = needsText === null ? null : namesOf(needsText);
  if (!fetched || !finished || needs === undefined) return undefined;
  const progress: BootProgress = {
    ...{ profile, fetched, state, since },
    ...(needs && { needs }),
    ...(finished.length > 0 && { finished }),
  };
  return { id, mac, progress };
}

const STATES = new Set<unknown>(['offered', 'fetched', 'reported'] satisfies BootProgress['state'][]);

function isState(cell: Cell | undefined): cell is BootProgress['state'] {
  return STATES.has(cell);
}

function namesOf(cell: Cell | undefined): readonly string[] | undefined {
  if (typeof cell !== 'string') return undefined;
  try {
    const names: unknown = JSON.parse(cell);
    const good = Array.isArray(names) && names.every((name) => typeof name === 'string');
    return good ? names : undefined;
  } catch {
    return undefined;
  }
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2})*$/;

export type StoredChoice = { readonly mac: Mac; readonly choice: BootChoice };

/** The number of a row is SQLite's. */
export const REPLACE_CHOICE = 'INSERT OR REPLACE INTO choice VALUES (NULL,?,?,?,?,?)';

export function choiceRow({ mac, choice }: StoredChoice): (number | string | null)[] {
  const { profile, once, since, takenAt } = choice;
  return [mac, profile, once ? 1 : 0, Math.floor(since), takenAt === undefined ? null : Math.floor(takenAt)];
}

/** What a row says; undefined for one that makes no sense. */
export function choiceOf(row: readonly Cell[]): StoredChoice | undefined {
  const [id, mac, profile, once, since, takenAt] = row;
  if (row.length !== 6 || typeof id !== 'number' || typeof mac !== 'string' || !MAC.test(mac))
    return undefined;
  if (typeof profile !== 'string' || (once !== 0 && once !== 1)) return undefined;
  if (typeof since !== 'number' || !Number.isSafeInteger(since)) return undefined;
  if (takenAt !== null && (typeof takenAt !== 'number' || !Number.isSafeInteger(takenAt))) return undefined;
  return { mac, choice: { profile, once: once === 1, since, ...(takenAt !== null && { takenAt }) } };
}
