import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { BootProgress } from '../../src/boot/install-once.ts';
import {
  type BootProgressStore,
  createMemoryProgress,
  createSqliteProgress,
} from '../../src/store/boot-progress.ts';
import { BOOT } from '../../src/store/boot-schema.ts';
import { openLeaseDatabase } from '../../src/store/lease-database.ts';
import { asKilled } from './lease-rig.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-boot-'));
  folders.push(folder);
  return join(folder, 'boot.db');
}

function loaded(path: string, limits = {}): BootProgressStore {
  const store = createSqliteProgress(path, limits);
  store.load();
  return store;
}

function macOf(n: number): string {
  return `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
}

const OFFERED: BootProgress = { profile: 'install', fetched: ['vmlinuz'], state: 'offered', since: 1000 };
const DONE: BootProgress = {
  ...{ profile: 'install', needs: ['vmlinuz', 'initrd'], fetched: ['initrd', 'vmlinuz'] },
  ...{ state: 'fetched', since: 2000, finished: ['install'] },
};

test.each([
  { name: 'createMemoryProgress()', create: () => createMemoryProgress() },
  { name: 'createSqliteProgress()', create: () => createSqliteProgress(file()) },
])('$name remembers, replaces and forgets', ({ create }) => {
  const store = create();
  store.load();
  expect(store.get(macOf(1))).toBeUndefined();
  store.put(macOf(1), OFFERED);
  store.put(macOf(2), OFFERED);
  store.put(macOf(1), DONE);
  store.save();
  expect(store.get(macOf(1))).toEqual(DONE);
  expect([...store.all()]).toEqual([
    [macOf(1), DONE],
    [macOf(2), OFFERED],
  ]);
  expect(store.forget(macOf(1))).toBe(true);
  expect(store.forget(macOf(1))).toBe(false);
  store.save();
  expect([...store.all()]).toEqual([[macOf(2), OFFERED]]);
  store.close();
});

test('createSqliteProgress() has after a restart what was saved, and after a crash no less', () => {
  const path = file();
  const store = loaded(path);
  store.put(macOf(1), DONE);
  store.put(macOf(2), OFFERED);
  store.save();
  store.put(macOf(3), OFFERED);
  const killed = loaded(asKilled(path, file()));
  expect([...killed.all()]).toEqual([
    [macOf(1), DONE],
    [macOf(2), OFFERED],
  ]);
  killed.close();
  store.save();
  store.close();
  const again = loaded(path);
  expect(again.get(macOf(3))).toEqual(OFFERED);
  again.close();
});

test('createSqliteProgress() loses nothing at whichever moment it is killed', () => {
  const anyStep = fc.record({
    machine: fc.nat(5),
    what: fc.constantFrom(OFFERED, DONE, undefined),
    save: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
      const path = file();
      const store = loaded(path);
      const now = new Map<string, BootProgress>();
      let saved = new Map(now);
      for (const { machine, what, save } of steps) {
        const mac = macOf(machine);
        if (what) {
          store.put(mac, what);
          now.set(mac, what);
        } else {
          store.forget(mac);
          now.delete(mac);
        }
        if (save) {
          store.save();
          saved = new Map(now);
        }
        expect(new Map(store.all())).toEqual(now);
      }
      const killed = loaded(asKilled(path, join(path, '../killed.db')));
      expect(new Map(killed.all())).toEqual(saved);
      killed.close();
      store.close();
      rmSync(join(path, '..'), { recursive: true });
    }),
    { numRuns: 30 },
  );
});

test('createSqliteProgress() is for one process', () => {
  const path = file();
  const store = loaded(path);
  expect(() => createSqliteProgress(path).load()).toThrow(expect.objectContaining({ fault: 'locked' }));
  store.close();
  loaded(path).close();
});

test.each([
  {
    name: 'an empty file',
    spoil: (path: string) => truncateSync(path, 0),
    want: { fault: 'damaged' },
  },
  {
    name: 'half a file',
    spoil: (path: string) => truncateSync(path, 4500),
    want: { fault: 'damaged' },
  },
  {
    name: 'a file of text',
    spoil: (path: string) => writeFileSync(path, 'machines\n'.repeat(1000)),
    want: { fault: 'damaged' },
  },
  {
    name: 'leases',
    spoil: (path: string) => {
      rmSync(path);
      openLeaseDatabase(path).close();
    },
    want: { fault: 'foreign', message: expect.stringContaining('no store of boot progress') },
  },
  {
    name: 'a file of a newer pxed',
    spoil: (path: string) => change(path, 'PRAGMA user_version = 99'),
    want: { fault: 'newer' },
  },
  {
    name: 'a state that there is not',
    spoil: (path: string) => change(path, "UPDATE progress SET state = 'lost'"),
    want: { fault: 'damaged', message: expect.stringContaining('row 1 of progress makes no sense') },
  },
  {
    name: 'a list that is none',
    spoil: (path: string) => change(path, "UPDATE progress SET fetched = '{}'"),
    want: { fault: 'damaged' },
  },
  {
    name: 'a machine twice',
    spoil: (path: string) =>
      change(
        path,
        'INSERT INTO progress SELECT id + 7, mac, profile, state, since, needs, fetched, finished FROM progress',
      ),
    want: { fault: 'damaged' },
  },
])('createSqliteProgress() refuses $name, and leaves it as it is', ({ spoil, want }) => {
  const path = file();
  const store = loaded(path);
  store.put(macOf(1), DONE);
  store.save();
  store.close();
  spoil(path);
  const before = readFileSync(path);
  expect(() => createSqliteProgress(path).load()).toThrow(expect.objectContaining(want));
  expect(readFileSync(path).equals(before)).toBe(true);
});

function change(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

test('createSqliteProgress() keeps what could not be saved, and saves it with the next change', () => {
  const path = file();
  const store = loaded(path);
  store.put(macOf(1), DONE);
  store.save();
  const aside = join(path, '../aside.db');
  copyFileSync(path, aside);
  rmSync(path);
  writeFileSync(path, 'somebody else’s');
  store.put(macOf(2), OFFERED);
  expect(() => store.save()).toThrow(expect.objectContaining({ fault: 'unusable' }));
  expect(store.get(macOf(2))).toEqual(OFFERED);
  expect(readFileSync(path, 'utf8')).toBe('somebody else’s');
  rmSync(path);
  store.save();
  store.close();
  const again = loaded(path);
  expect(new Map(again.all())).toEqual(
    new Map([
      [macOf(1), DONE],
      [macOf(2), OFFERED],
    ]),
  );
  again.close();
});

test('createSqliteProgress() makes the file anew when somebody takes it away', () => {
  const path = file();
  const store = loaded(path);
  store.put(macOf(1), DONE);
  store.save();
  rmSync(path);
  store.put(macOf(2), OFFERED);
  store.save();
  store.close();
  const again = loaded(path);
  expect([...again.all()]).toHaveLength(2);
  again.close();
});

test.each([
  { name: 'createMemoryProgress()', create: createMemoryProgress },
  { name: 'createSqliteProgress()', create: (limits: object) => createSqliteProgress(file(), limits) },
])('$name forgets the oldest of too many, and for made-up machines none that is installed', ({ create }) => {
  const store = create({ finished: 3, begun: 2 });
  store.load();
  for (let n = 0; n < 3; n++) store.put(macOf(n), DONE);
  for (let n = 10; n < 200; n++) store.put(macOf(n), OFFERED);
  expect([...store.all()].map(([mac]) => mac)).toEqual([0, 1, 2, 198, 199].map(macOf));
  store.put(macOf(0), { ...DONE, profile: 'other' });
  store.put(macOf(3), DONE);
  expect([...store.all()].map(([mac]) => mac)).toEqual([2, 0, 3, 198, 199].map(macOf));
  store.save();
  store.close();
});

test('createMemoryProgress() keeps a machine under way, however many made-up ones are offered something', () => {
  const store = createMemoryProgress({ begun: 2, offered: 2 });
  store.put(macOf(1), OFFERED);
  for (let n = 10; n < 20; n++) store.put(macOf(n), { ...OFFERED, fetched: [] });
  expect([...store.all()].map(([mac]) => mac)).toEqual([1, 18, 19].map(macOf));
  store.put(macOf(19), OFFERED);
  expect([...store.all()].map(([mac]) => mac)).toEqual([1, 19, 18].map(macOf));
});

test('createSqliteProgress() takes from the file, too, what is too much', () => {
  const path = file();
  const store = loaded(path);
  for (let n = 0; n < 100; n++) store.put(macOf(n), { ...DONE, since: n });
  store.save();
  store.close();
  const smaller = loaded(path, { finished: 10 });
  expect([...smaller.all()].map(([mac]) => mac)).toEqual(Array.from({ length: 10 }, (_, n) => macOf(90 + n)));
  smaller.put(macOf(200), DONE);
  smaller.save();
  smaller.close();
  const db = new DatabaseSync(path);
  expect(db.prepare('SELECT count(*) AS count FROM progress').get()).toEqual({ count: 10 });
  db.close();
});

test('BOOT has the application id "pxbd", not that of leases', () => {
  const path = file();
  loaded(path).close();
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path).readUInt32BE(68)).toBe(BOOT.applicationId);
  expect(BOOT.applicationId.toString(16)).toBe('70786264');
});

test('createSqliteProgress() keeps what operators chose over a restart, and what they took back is gone', () => {
  const path = file();
  const store = loaded(path);
  store.choose(macOf(1), { profile: 'install', once: true, since: 1000 });
  store.choose(macOf(2), { profile: 'local', once: false, since: 2000 });
  store.choose(macOf(3), { profile: 'live', once: true, since: 3000 });
  store.save();
  store.choose(macOf(1), { profile: 'install', once: true, since: 1000, takenAt: 1500 });
  store.choose(macOf(3), undefined);
  store.choose(macOf(4), undefined);
  store.save();
  store.close();
  const again = loaded(path);
  expect(new Map(again.choices())).toEqual(
    new Map([
      [macOf(1), { profile: 'install', once: true, since: 1000, takenAt: 1500 }],
      [macOf(2), { profile: 'local', once: false, since: 2000 }],
    ]),
  );
  expect([...again.all()]).toEqual([]);
  again.close();
});

test('createSqliteProgress() takes a file of before there were choices', () => {
  const path = file();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA application_id = ${BOOT.applicationId}; ${BOOT.migrations[0]}; PRAGMA user_version = 1`);
  db.prepare('INSERT INTO progress VALUES (1,?,?,?,?,NULL,?,?)').run(
    macOf(1),
    'install',
    'offered',
    1000,
    '["vmlinuz"]',
    '[]',
  );
  db.close();
  const store = loaded(path);
  expect(store.get(macOf(1))).toEqual(OFFERED);
  store.choose(macOf(1), { profile: 'live', once: false, since: 1 });
  store.save();
  store.close();
  expect(loaded(path).choiceOf(macOf(1))).toEqual({ profile: 'live', once: false, since: 1 });
});
