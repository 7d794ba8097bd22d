import { rmSync, statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BootChoice } from '../boot/choice.ts';
import type { BootProgress } from '../boot/install-once.ts';
import type { Mac } from '../lib/mac.ts';
import { createChoiceMap } from './boot-choices.ts';
import {
  BOOT,
  choiceOf,
  choiceRow,
  progressOf,
  progressRow,
  REPLACE_CHOICE,
  REPLACE_PROGRESS,
} from './boot-schema.ts';
import { openStoreDatabase } from './lease-database.ts';
import type { Cell } from './lease-rows.ts';
import { asStoreProblem, StoreProblem } from './store-problem.ts';

/**
 * Machines that finished something are remembered, those that fetched something, and those that did neither; of too many of a
 * kind the oldest go.
 */
export type ProgressLimits = {
  readonly finished?: number;
  readonly begun?: number;
  readonly offered?: number;
};

const MAX_FINISHED = 100_000;
const MAX_BEGUN = 10_000;
/** Anybody can have made-up machines offered something. */
const MAX_OFFERED = 10_000;

/**
 * What each machine has got through. Reads come from memory; a change is seen at once, and safe with the next `save`.
 * It is bounded, and made-up addresses cost nobody's proof: they would have to fetch whole installers to take its place, and
 * whole kernels to take that of a machine under way.
 */
export interface BootProgressStore {
  /** Reads what an earlier run left. Called once, before anything else. */
  load(): void;
  get(mac: Mac): BootProgress | undefined;
  put(mac: Mac, progress: BootProgress): void;
  /** As if it had never booted here; false when nothing was known of it. */
  forget(mac: Mac): boolean;
  all(): Iterable<readonly [Mac, BootProgress]>;
  /** What an operator chose for this machine. */
  choiceOf(mac: Mac): BootChoice | undefined;
  /** Without a choice: what was chosen is taken back. */
  choose(mac: Mac, choice: BootChoice | undefined): void;
  choices(): Iterable<readonly [Mac, BootChoice]>;
  /**
   * Makes all changes safe, in one transaction. On failure it throws {@link StoreProblem}; they stay, and are saved by the
   * next one.
   */
  save(): void;
  close(): void;
}

/** Gone with the process. */
export function createMemoryProgress(limits: ProgressLimits = {}): BootProgressStore {
  const known = createProgressMap(limits, () => {});
  const { load: _, ...chosen } = createChoiceMap(() => {});
  return { load() {}, ...known, ...chosen, save() {}, close() {} };
}

type Open = {
  readonly db: DatabaseSync;
  readonly replace: StatementSync;
  readonly remove: StatementSync;
  readonly choose: StatementSync;
  readonly unchoose: StatementSync;
};

/**
 * In an SQLite file of this process alone: what was saved outlasts it, and a power cut. `load` throws {@link StoreProblem} when
 * the file cannot be used; who would go on without it would have machines installed again.
 */
export function createSqliteProgress(path: string, limits: ProgressLimits = {}): BootProgressStore {
  /** Rows by machine: a row is replaced in its place. */
  const ids = new Map<Mac, number>();
  const changed = new Set<Mac>();
  const known = createProgressMap(limits, (mac) => {
    // One that came and went between two saves leaves nothing to do, be the disk full for days.
    if (known.get(mac) || ids.has(mac)) changed.add(mac);
    else changed.delete(mac);
  });
  const rechosen = new Set<Mac>();
  const { load: choiceKept, ...chosen } = createChoiceMap((mac) => void rechosen.add(mac));
  let open: Open | undefined;
  let place: string | undefined;
  let lastId = 0;

  function load(): void {
    const db = openStoreDatabase(path, BOOT);
    open = opened(db);
    place = placeOf(path);
    for (const row of rowsOf(db, 'SELECT * FROM progress ORDER BY since, id')) {
      const stored = progressOf(row);
      if (!stored || ids.has(stored.mac)) {
        throw new StoreProblem('damaged', path, {
          detail: `row ${String(row[0])} of progress makes no sense`,
        });
      }
      ids.set(stored.mac, stored.id);
      lastId = Math.max(lastId, stored.id);
      known.put(stored.mac, stored.progress);
    }
    for (const row of rowsOf(db, 'SELECT * FROM choice')) {
      const stored = choiceOf(row);
      if (!stored)
        throw new StoreProblem('damaged', path, { detail: `row ${String(row[0])} of choice makes no sense` });
      choiceKept(stored.mac, stored.choice);
    }
    // What did not fit any more is to go from the file, too; the others stand there as they are.
    for (const mac of [...changed]) if (known.get(mac)) changed.delete(mac);
  }

  function write({ db, replace, remove, choose, unchoose }: Open): void {
    if (db.isTransaction) db.exec('ROLLBACK'); // left open when the disk refused even to undo it
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const mac of changed) writeOne(mac, { replace, remove });
      for (const mac of rechosen) {
        const choice = chosen.choiceOf(mac);
        if (choice) choose.run(...choiceRow({ mac, choice }));
        else unchoose.run(mac);
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
    for (const mac of changed) if (!known.get(mac)) ids.delete(mac);
    changed.clear();
    rechosen.clear();
  }

  function writeOne(mac: Mac, { replace, remove }: Pick<Open, 'replace' | 'remove'>): void {
    const progress = known.get(mac);
    const id = ids.get(mac);
    if (progress === undefined) {
      if (id !== undefined) remove.run(id);
      return;
    }
    const row = id ?? ++lastId;
    ids.set(mac, row);
    replace.run(...progressRow({ id: row, mac, progress }));
  }

  /** Somebody took the file away: a new one is made of all that is known. Another one in its place is left alone. */
  function checkPlace(): void {
    const there = placeOf(path);
    if (open !== undefined && there === place) return;
    if (open !== undefined && there !== undefined) {
      close();
      throw new StoreProblem('unusable', path, { detail: 'another file took its place; restart pxed' });
    }
    if (there !== undefined)
      throw new StoreProblem('unusable', path, { detail: 'it is not open; restart pxed' });
    close();
    rmSync(`${path}-wal`, { force: true }); // of the file that is gone
    open = opened(openStoreDatabase(path, BOOT));
    place = placeOf(path);
    for (const [mac] of known.all()) changed.add(mac);
    for (const [mac] of chosen.choices()) rechosen.add(mac);
  }

  function close(): void {
    open?.db.close();
    open = undefined;
  }

  function onDisk(step: () => void): void {
    try {
      step();
    } catch (cause) {
      throw asStoreProblem(path, cause);
    }
  }

  return {
    ...known,
    ...chosen,
    load() {
      try {
        onDisk(load);
      } catch (problem) {
        close();
        throw problem;
      }
    },
    save() {
      if (changed.size === 0 && rechosen.size === 0) return;
      onDisk(() => {
        checkPlace();
        write(open!);
      });
    },
    close,
  };
}

/** Machines in the order in which their progress changed last; `changed` is told of each that did, or had to go. */
function createProgressMap(limits: ProgressLimits, changed: (mac: Mac) => void) {
  const finished = { machines: new Map<Mac, BootProgress>(), most: limits.finished ?? MAX_FINISHED };
  const begun = { machines: new Map<Mac, BootProgress>(), most: limits.begun ?? MAX_BEGUN };
  const offered = { machines: new Map<Mac, BootProgress>(), most: limits.offered ?? MAX_OFFERED };
  const kinds = [finished, begun, offered];

  function kindOf(progress: BootProgress): typeof finished {
    if (progress.finished) return finished;
    return progress.fetched.length > 0 ? begun : offered;
  }

  /** It is of one kind. */
  function drop(mac: Mac): boolean {
    return kinds.some(({ machines }) => machines.delete(mac));
  }

  function forget(mac: Mac): boolean {
    const known = drop(mac);
    if (known) changed(mac);
    return known;
  }

  return {
    get: (mac: Mac) => finished.machines.get(mac) ?? begun.machines.get(mac) ?? offered.machines.get(mac),
    put(mac: Mac, progress: BootProgress): void {
      drop(mac);
      const { machines, most } = kindOf(progress);
      machines.set(mac, progress);
      changed(mac);
      const [oldest] = machines.keys();
      if (machines.size > most && oldest !== undefined) forget(oldest);
    },
    forget,
    *all(): Iterable<readonly [Mac, BootProgress]> {
      for (const { machines } of kinds) yield* machines;
    },
  };
}

function opened(db: DatabaseSync): Open {
  // Nobody waits for this file as for that of leases: SQLite may write it back whenever it likes.
  db.exec('PRAGMA wal_autocheckpoint = 1000');
  return {
    db,
    replace: db.prepare(REPLACE_PROGRESS),
    remove: db.prepare('DELETE FROM progress WHERE id = ?'),
    choose: db.prepare(REPLACE_CHOICE),
    unchoose: db.prepare('DELETE FROM choice WHERE mac = ?'),
  };
}

function rowsOf(db: DatabaseSync, query: string): Iterable<readonly Cell[]> {
  const statement = db.prepare(query);
  statement.setReturnArrays(true);
  return statement.iterate() as unknown as Iterable<readonly Cell[]>;
}

/** Which file has this name now; undefined when there is none. */
function placeOf(path: string): string | undefined {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts && `${facts.dev}:${facts.ino}`;
}
