import type { DatabaseSync } from 'node:sqlite';
import { openStoreDatabase } from './lease-database.ts';
import type { Cell } from './lease-rows.ts';
import { asStoreProblem } from './store-problem.ts';
import { bootOf, bootRow, COLUMNS, type StoredBoot, TIMELINE } from './timeline-schema.ts';

export type TimelineLimits = {
  /** Boots that are kept, of machines that are there for sure or likely, and of those that may be made up. */
  readonly boots?: number;
  readonly strangers?: number;
  /** Of all that they consist of. */
  readonly octets?: number;
  readonly keepMs?: number;
};

const MOST_BOOTS = 20_000;
const MOST_STRANGERS = 2_000;
const MOST_OCTETS = 64 * 1024 * 1024;
const KEEP_MS = 30 * 24 * 3_600_000;

/**
 * The history of boots, in an SQLite file. It is no proof of anything: written after the fact, without waiting for the disk, and
 * what a power cut loses is the last second or so. Every method but `close` throws StoreProblem.
 */
export interface TimelineStore {
  /** Adds boots, or puts them in the place of what was kept under their `id`; gives their ids, in the same order. One transaction. */
  save(boots: readonly StoredBoot[]): readonly number[];
  remove(ids: readonly number[]): void;
  /** The last boot of each machine, those heard of last first. */
  latest(options: { readonly since?: number; readonly most: number }): readonly StoredBoot[];
  /** The last boots of one machine, by its id, the newest first. */
  of(machine: string, most: number): readonly StoredBoot[];
  /** The machine of which a boot was kept last under this MAC, address or UUID. */
  find(name: string): string | undefined;
  /** How many boots of each machine are kept. */
  counts(): ReadonlyMap<string, number>;
  countOf(machine: string): number;
  /** Forgets what is too old, and the oldest where there is too much; how many. `now` in ms since 1970. */
  tidy(now: number): number;
  close(): void;
}

/** Throws StoreProblem when the file cannot be used. */
export function openTimelineStore(path: string, limits: TimelineLimits = {}): TimelineStore {
  const db = openStoreDatabase(path, TIMELINE);
  // Nobody waits for this file, and nothing depends on it: neither for the disk at each commit, nor for a checkpoint.
  db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 1000');
  const replace = db.prepare(`INSERT OR REPLACE INTO boot (${COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)`);
  const remove = db.prepare('DELETE FROM boot WHERE id = ?');

  function attempt<T>(step: () => T): T {
    try {
      return step();
    } catch (cause) {
      throw asStoreProblem(path, cause);
    }
  }

  return {
    save: (boots) =>
      attempt(() =>
        transaction(db, () =>
          boots.map((boot) => Number(replace.run(...bootRow(boot, boot.id ?? null)).lastInsertRowid)),
        ),
      ),
    remove: (ids) =>
      attempt(() =>
        transaction(db, () => {
          for (const id of ids) remove.run(id);
        }),
      ),
    latest: ({ since = 0, most }) =>
      attempt(() =>
        rowsOf(
          db,
          `SELECT ${COLUMNS} FROM boot WHERE id IN (SELECT max(id) FROM boot GROUP BY machine) AND last >= ? ` +
            'ORDER BY last DESC LIMIT ?',
          [since, most],
        ),
      ),
    of: (machine, most) =>
      attempt(() =>
        rowsOf(db, `SELECT ${COLUMNS} FROM boot WHERE machine = ? ORDER BY began DESC, id DESC LIMIT ?`, [
          machine,
          most,
        ]),
      ),
    find: (name) =>
      attempt(() => {
        const query =
          'SELECT machine FROM boot WHERE machine = ?1 OR ip = ?1 OR uuid = ?2 ORDER BY last DESC LIMIT 1';
        const found = db.prepare(query).get(name, name.toLowerCase());
        return typeof found?.machine === 'string' ? found.machine : undefined;
      }),
    counts: () =>
      attempt(() => {
        const rows = db.prepare('SELECT machine, count(*) AS boots FROM boot GROUP BY machine').all();
        return new Map(rows.map(({ machine, boots }) => [String(machine), Number(boots)]));
      }),
    countOf: (machine) =>
      attempt(() =>
        Number(db.prepare('SELECT count(*) AS boots FROM boot WHERE machine = ?').get(machine)?.boots),
      ),
    tidy: (now) => attempt(() => transaction(db, () => tidy(db, limits, now))),
    close: () => db.close(),
  };
}

function transaction<T>(db: DatabaseSync, step: () => T): T {
  if (db.isTransaction) db.exec('ROLLBACK'); // left open when the disk refused even to undo it
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = step();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function rowsOf(
  db: DatabaseSync,
  query: string,
  values: readonly (string | number)[],
): readonly StoredBoot[] {
  const statement = db.prepare(query);
  statement.setReturnArrays(true);
  return (statement.all(...values) as unknown as readonly (readonly Cell[])[]).flatMap(
    (row) => bootOf(row) ?? [],
  );
}

function tidy(db: DatabaseSync, limits: TimelineLimits, now: number): number {
  const { boots = MOST_BOOTS, strangers = MOST_STRANGERS, octets = MOST_OCTETS, keepMs = KEEP_MS } = limits;
  const run = (query: string, ...values: number[]) => Number(db.prepare(query).run(...values).changes);
  const oldestBut = (condition: string) =>
    `DELETE FROM boot WHERE ${condition} AND id NOT IN (SELECT id FROM boot WHERE ${condition} ORDER BY last DESC LIMIT ?)`;
  let gone = run('DELETE FROM boot WHERE last < ?', now - keepMs);
  gone += run(oldestBut('weight = 0'), strangers);
  gone += run(oldestBut('weight > 0'), boots);
  const held = () => Number(db.prepare('SELECT coalesce(sum(octets), 0) AS held FROM boot').get()?.held);
  // A tenth at a time, until it fits.
  while (held() > octets) {
    const count = Number(db.prepare('SELECT count(*) AS count FROM boot').get()?.count);
    gone += run(
      'DELETE FROM boot WHERE id IN (SELECT id FROM boot ORDER BY min(weight, 1), last LIMIT ?)',
      Math.max(1, Math.ceil(count / 10)),
    );
  }
  return gone;
}
