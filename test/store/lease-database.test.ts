import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createLeaseDatabase, openLeaseDatabase } from '../../src/store/lease-database.ts';
import { MIGRATIONS, migrate } from '../../src/store/lease-schema.ts';
import { lockOwner, placeOf } from '../../src/store/lock-owner.ts';
import { contentOf, lease, leaseFiles, loaded, put, save } from './lease-rig.ts';

const file = leaseFiles();

/** A closed store with some hundred leases in some pages. */
async function filled(count = 500): Promise<string> {
  const path = file();
  const store = await loaded(path);
  save(store, ...Array.from({ length: count }, (_, n) => put(lease(n, `client ${n}`))));
  store.close();
  return path;
}

function damage(path: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(path);
  content.set(bytes, at);
  writeFileSync(path, content);
}

const NOISE = Uint8Array.from({ length: 4096 }, (_, n) => (n * 167 + 13) & 0xff);

test.each([
  { name: 'an empty file', spoil: (path: string) => truncateSync(path, 0), want: /the file is empty/ },
  {
    name: 'a file that lost its end',
    spoil: (path: string) => truncateSync(path, 9000),
    want: /malformed|disk image/,
  },
  {
    name: 'a file that lost half a page',
    spoil: (path: string) => truncateSync(path, 5000),
    want: /malformed|disk image/,
  },
  {
    name: 'a page of noise',
    spoil: (path: string) => damage(path, 8 * 4096, NOISE),
    want: /page|Tree|malformed/,
  },
  {
    name: 'a page of zeros',
    spoil: (path: string) => damage(path, 8 * 4096, new Uint8Array(4096)),
    want: /page|Tree|malformed/,
  },
  {
    name: 'noise instead of a header',
    spoil: (path: string) => damage(path, 0, NOISE.subarray(0, 100)),
    want: /not a database/,
  },
  {
    name: 'a file of text',
    spoil: (path: string) => writeFileSync(path, 'leases\n'.repeat(100)),
    want: /not a database/,
  },
  {
    name: 'a row that makes no sense',
    spoil: (path: string) => {
      const db = new DatabaseSync(path);
      db.exec("UPDATE lease SET state = 'lost' WHERE ip = 7");
      db.close();
    },
    want: /row 8 of lease makes no sense/,
  },
  {
    name: 'a journal without its file',
    spoil: (path: string) => {
      rmSync(path);
      writeFileSync(`${path}-wal`, 'what is left');
    },
    want: /the file is missing, but its journal .*-wal is there/,
  },
])('createSqliteLeases() refuses $name', async ({ spoil, want }) => {
  const path = await filled();
  spoil(path);
  await expect(loaded(path)).rejects.toMatchObject({
    fault: 'damaged',
    path,
    message: expect.stringMatching(want),
  });
});

test('createSqliteLeases() refuses the file of another program, and that of a newer pxed, and changes neither', async () => {
  const path = file();
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE notes (text)');
  other.close();
  const before = readFileSync(path);
  await expect(loaded(path)).rejects.toMatchObject({ fault: 'foreign' });
  expect(readFileSync(path).equals(before)).toBe(true);

  const newer = await filled();
  const db = new DatabaseSync(newer);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  db.close();
  await expect(loaded(newer)).rejects.toMatchObject({ fault: 'newer' });
});

test('createSqliteLeases() refuses a file that is in use, whose user can be named', async () => {
  const path = await filled();
  const first = await loaded(path);
  await expect(loaded(path)).rejects.toMatchObject({ fault: 'locked' });
  const script = `
    const { createSqliteLeases } = await import('./src/store/lease-sqlite.ts');
    await createSqliteLeases(process.argv[1]).load().catch((error) => console.log(error.fault));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script, path], {
    encoding: 'utf8',
  });
  expect(said.trim()).toBe('locked');
  if (process.platform === 'linux') expect(lockOwner(path)).toMatch(new RegExp(`, pid ${process.pid}$`));
  first.close();
  const second = await loaded(path);
  expect(contentOf(second)).toHaveLength(500);
  second.close();
});

test('lockOwner() reads the lock list of Linux', async () => {
  const path = await filled(1);
  const place = placeOf(statSync(path));
  const texts: Record<string, string> = {
    '/proc/locks': `1: POSIX  ADVISORY  WRITE 7 ff:ff:${statSync(path).ino} 0 EOF\n2: POSIX  ADVISORY  WRITE 812 ${place} 1 2\n`,
    '/proc/812/comm': 'pxed\n',
  };
  expect(lockOwner(path, (name) => texts[name] ?? '')).toBe('pxed, pid 812');
  expect(lockOwner(path, () => '')).toBeUndefined();
  expect(lockOwner(`${path}-not`)).toBeUndefined();
});

test('placeOf() writes device numbers as the kernel does', () => {
  expect(placeOf({ dev: 0xfe00, ino: 7 })).toBe('fe:00:7');
  expect(placeOf({ dev: 0x0010_0834, ino: 7 })).toBe('08:134:7');
  expect(placeOf({ dev: 44, ino: 7 })).toBe('00:2c:7');
});

test('openLeaseDatabase() keeps what it makes safe from a power cut: WAL, every commit synced', () => {
  const db = openLeaseDatabase(file());
  expect(db.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('wal');
  expect(db.prepare('PRAGMA synchronous').get()?.synchronous).toBe(2);
  expect(db.prepare('PRAGMA user_version').get()?.user_version).toBe(MIGRATIONS.length);
  db.close();
});

test('migrate() takes the steps that are missing, each in a transaction', () => {
  const db = createLeaseDatabase(file());
  const steps = [...MIGRATIONS, 'ALTER TABLE lease ADD COLUMN colour TEXT', 'CREATE TABLE bad (syntax'];
  expect(() => migrate(db, MIGRATIONS.length, steps)).toThrow();
  if (db.isTransaction) db.exec('ROLLBACK');
  expect(db.prepare('PRAGMA user_version').get()?.user_version).toBe(MIGRATIONS.length + 1);
  expect(migrate(db, MIGRATIONS.length + 1, steps.slice(0, -1))).toBe(MIGRATIONS.length + 1);
  expect(db.prepare('SELECT colour FROM lease').all()).toEqual([]);
  db.close();
});
