import { rmSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openLeaseDatabase } from './lease-database.ts';
import { pastBindings } from './lease-history.ts';
import { createLeaseLedger, type LeaseLedger } from './lease-ledger.ts';
import { type Cell, leaseOf, machineOf } from './lease-rows.ts';
import type { LeaseStore } from './lease-store.ts';
import { type Moment, readClock, shiftRows, thisMoment, wasSetBy, writeClock } from './lease-times.ts';
import { createLeaseWriter, type LeaseWriter } from './lease-writer.ts';
import { asStoreProblem, isDiskFull, StoreProblem } from './store-problem.ts';
import { warmLog } from './warm-log.ts';

export type SqliteLeasesOptions = {
  /** What time it is, and how the file is opened; replaced in tests. */
  readonly moment?: () => Moment;
  readonly open?: (path: string) => DatabaseSync;
  /** Has the write-ahead log its length from the start? True when left out. */
  readonly warm?: boolean;
  readonly historyDays?: number;
  readonly historyMost?: number;
  /** Least superseded rows deleted in one step of the background; an eighth of them when there are more. */
  readonly tidyRows?: number;
};

export type SqliteLeases = LeaseStore & {
  /** By how many ms `load` moved the records, since the wall clock was set while nobody looked; 0 as a rule. */
  readonly movedByMs: number;
};

type Open = { readonly db: DatabaseSync; readonly writer: LeaseWriter };

const DAY_MS = 86_400_000;
/** Rows written before a checkpoint is worth its fsyncs. */
const CHECKPOINT_ROWS = 1000;

/**
 * Leases in an SQLite file: what was committed outlasts the process and a power cut. Reads come from memory and never touch
 * the disk; a commit writes what changed in one transaction, and nothing when only offers did.
 *
 * `load` throws {@link StoreProblem} when the file cannot be used (it is locked, damaged, newer, foreign), `commit`, `shift`
 * and `tidy` when the disk refuses: then nothing of that step happened, in memory neither, and the next one may succeed.
 */
export function createSqliteLeases(path: string, options: SqliteLeasesOptions = {}): SqliteLeases {
  const { moment = thisMoment, historyDays = 30, historyMost = 100_000, tidyRows = 500 } = options;
  const ledger = createLeaseLedger();
  let open: Open | undefined;
  let place: string | undefined;
  let pastCount = 0;
  let unchecked = 0;
  let movedByMs = 0;

  function opened(): Open {
    if (!open) throw new TypeError(`Cannot use ${path}: it is not loaded`);
    return open;
  }

  function load(): void {
    const db = (options.open ?? openLeaseDatabase)(path);
    open = { db, writer: createLeaseWriter(db) };
    place = placeOf(path);
    readRows(db, path, ledger);
    const past = db.prepare('SELECT count(*) AS count, max(id) AS last FROM history').get();
    pastCount = Number(past?.count ?? 0);
    ledger.readDone(Number(past?.last ?? 0));
    const now = moment();
    movedByMs = wasSetBy(readClock(db), ledger.kept.leases(), now);
    try {
      move(movedByMs, now);
    } catch (cause) {
      // The next start can do without; clients that have their leases are served, and who wants more is told of soon enough.
      if (movedByMs !== 0 || !isDiskFull(cause)) throw cause;
      return;
    }
    if (options.warm ?? true) warmLog(db, path);
  }

  /**
   * Somebody may take the file away: what is written then is lost with it. All records go into a new one; one that
   * somebody put in its place is left alone, and nothing can be saved any more.
   */
  function checkPlace(): void {
    const there = placeOf(path);
    if (there === place) return;
    if (there !== undefined) {
      close();
      throw new StoreProblem('unusable', path, { detail: 'another file took its place; restart pxed' });
    }
    close();
    rmSync(`${path}-wal`, { force: true }); // of the file that is gone
    makeAnew();
    throw new StoreProblem('unusable', path, {
      detail: 'somebody took the file away; a new one was made with all leases, but without their history',
    });
  }

  /** Moves the records, and notes how the wall clock stands now. */
  function move(ms: number, now: Moment): void {
    const { db, writer } = opened();
    writer.transaction(() => {
      if (ms !== 0) shiftRows(db, ms);
      writeClock(db, now);
    });
    if (ms !== 0) ledger.shift(ms);
  }

  function makeAnew(): void {
    const db = (options.open ?? openLeaseDatabase)(path);
    open = { db, writer: createLeaseWriter(db) };
    try {
      open.writer.write(ledger.everything());
      writeClock(db, moment());
      place = placeOf(path);
      pastCount = 0;
    } catch (cause) {
      close();
      rmSync(path);
      throw cause;
    }
  }

  function tidy(now: number): void {
    checkPlace();
    const { writer } = opened();
    const leases = oldest(ledger.superseded.leases, tidyRows);
    const machines = oldest(ledger.superseded.machines, tidyRows);
    if (leases.length + machines.length > 0) {
      writer.deleteRows(leases, machines);
      ledger.superseded.leases.splice(0, leases.length);
      ledger.superseded.machines.splice(0, machines.length);
    }
    pastCount -= writer.trimHistory({ excess: pastCount - historyMost, before: now - historyDays * DAY_MS });
    unchecked += leases.length + machines.length;
    if (unchecked < CHECKPOINT_ROWS) return;
    writer.checkpoint();
    unchecked = 0;
  }

  /** What SQLite throws comes out as a problem of this file. */
  function onDisk(step: () => void): void {
    try {
      step();
    } catch (cause) {
      throw asStoreProblem(path, cause);
    }
  }

  function close(): void {
    open?.db.close();
    open = undefined;
  }

  return {
    async load() {
      try {
        onDisk(load);
      } catch (problem) {
        close();
        throw problem;
      }
    },
    stage: (mutations) => mutations.forEach(ledger.stage),
    commit() {
      const batch = ledger.batch();
      try {
        if (batch) onDisk(() => opened().writer.write(batch));
      } catch (problem) {
        ledger.undo();
        throw problem;
      }
      if (batch) {
        ledger.adopt(batch);
        pastCount += batch.history.length;
        unchecked += batch.leases.length + batch.machines.length + batch.history.length;
      }
      ledger.keep();
      return batch !== undefined;
    },
    shift: (ms) => onDisk(() => move(Math.round(ms), moment())),
    tidy: (now) => onDisk(() => tidy(now)),
    all: ledger.live.leases,
    close,
    byIp: ledger.live.byIp,
    byClient: ledger.live.byClient,
    machine: ledger.live.machine,
    get movedByMs() {
      return movedByMs;
    },
    history: (most, about) => pastBindings(opened().db, { ...about, most }),
  };
}

/** Which file has this name now; undefined when there is none. */
function placeOf(path: string): string | undefined {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts && `${facts.dev}:${facts.ino}`;
}

function readRows(db: DatabaseSync, path: string, ledger: LeaseLedger): void {
  const unreadable = (table: string, [id]: readonly Cell[]): StoreProblem =>
    new StoreProblem('damaged', path, { detail: `row ${String(id)} of ${table} makes no sense` });
  cellsOf(db, 'SELECT * FROM lease ORDER BY id', (rows) => {
    for (const row of rows) {
      const stored = leaseOf(row);
      if (!stored) throw unreadable('lease', row);
      ledger.readLease(stored);
    }
  });
  cellsOf(db, 'SELECT * FROM machine ORDER BY id', (rows) => {
    for (const row of rows) {
      const stored = machineOf(row);
      if (!stored) throw unreadable('machine', row);
      ledger.readMachine(stored);
    }
  });
}

/** Rows as lists of values: half the time and memory of an object each. */
function cellsOf<T>(db: DatabaseSync, sql: string, read: (rows: Iterable<readonly Cell[]>) => T): T {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return read(statement.iterate() as unknown as Iterable<readonly Cell[]>);
}

function oldest(ids: readonly number[], least: number): readonly number[] {
  return ids.slice(0, Math.max(least, ids.length >>> 3));
}
