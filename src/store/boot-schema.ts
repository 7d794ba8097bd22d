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
  if (typeof mac !== 'string' || !/^[0-9a-f]{2}(:[0-9a-f]{2})*$/.test(mac)) return undefined;
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
