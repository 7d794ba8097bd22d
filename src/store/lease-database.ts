import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LEASES, migrate, type StoreSchema } from './lease-schema.ts';
import { asStoreProblem, StoreProblem } from './store-problem.ts';

/**
 * Opens the store of `path`, made when there is none, for this process alone: until it is closed nobody else can
 * open it. Every commit is on the disk when it returns (WAL, `synchronous=FULL`). Throws {@link StoreProblem}; a file that
 * is damaged, foreign or of a newer pxed is not touched.
 */
export function openStoreDatabase(path: string, schema: StoreSchema): DatabaseSync {
  try {
    if (!existsSync(path)) create(path, schema);
    if (statSync(path).size === 0) throw new StoreProblem('damaged', path, { detail: 'the file is empty' });
  } catch (cause) {
    throw asStoreProblem(path, cause);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // Held from the first read on, and given up by the kernel when the process ends, however it does.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    check(db, path, schema);
    // Checkpoints are the background's work (tidy), not that of the turn that happens to fill a page.
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; ' +
        `PRAGMA journal_size_limit = ${16 * 1024 * 1024}`,
    );
    migrate(db, numberOf(db, 'user_version'), schema.migrations);
    return db;
  } catch (cause) {
    db?.close();
    throw asStoreProblem(path, cause);
  }
}

/** {@link openStoreDatabase} for leases. */
export function openLeaseDatabase(path: string): DatabaseSync {
  return openStoreDatabase(path, LEASES);
}

/**
 * The file appears complete or not at all, so that an empty one is a damaged one. A hard link, unlike a rename, does not
 * replace what another process made meanwhile.
 */
function create(path: string, schema: StoreSchema): void {
  if (existsSync(`${path}-wal`)) {
    throw new StoreProblem('damaged', path, {
      detail: `the file is missing, but its journal ${path}-wal is there`,
    });
  }
  const draft = `${path}.${process.pid}.new`;
  createStoreDatabase(draft, schema).close();
  try {
    linkSync(draft, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Some file systems have no hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') renameSync(draft, path);
    else if (code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
}

/** A new, empty store, in place of whatever is at `path`; the caller closes it before the file is put anywhere. */
export function createStoreDatabase(path: string, schema: StoreSchema): DatabaseSync {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
  const db = new DatabaseSync(path);
  db.exec(
    `PRAGMA locking_mode = EXCLUSIVE; PRAGMA application_id = ${schema.applicationId}; PRAGMA journal_mode = WAL; ` +
      'PRAGMA synchronous = FULL',
  );
  migrate(db, 0, schema.migrations);
  return db;
}

/** {@link createStoreDatabase} for leases. */
export function createLeaseDatabase(path: string): DatabaseSync {
  return createStoreDatabase(path, LEASES);
}

/** Makes what was linked or renamed in a folder outlast a power cut. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function check(db: DatabaseSync, path: string, { applicationId, migrations, name }: StoreSchema): void {
  if (numberOf(db, 'application_id') !== applicationId) {
    throw new StoreProblem('foreign', path, { detail: `this is no ${name} of pxed` });
  }
  const version = numberOf(db, 'user_version');
  if (version > migrations.length) {
    const detail = `written by a newer pxed (version ${version} of the store; this one knows ${migrations.length})`;
    throw new StoreProblem('newer', path, { detail });
  }
  const [first] = db.prepare('PRAGMA quick_check(1)').all();
  const said = String(first?.quick_check);
  if (said !== 'ok') throw new StoreProblem('damaged', path, { detail: said });
}

function numberOf(db: DatabaseSync, pragma: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}
