import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rescueLeases } from '../../src/store/lease-rescue.ts';
import { leaseOf } from '../../src/store/lease-rows.ts';
import { readableRows, userVersion } from '../../src/store/sqlite-pages.ts';
import { asKilled, contentOf, lease, leaseFiles, loaded, NOON, put, save } from './lease-rig.ts';

const file = leaseFiles();
const TIME = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
const PAGE = 4096;

/** 500 leases, 50 of them renewed by another client, a machine, a past binding. */
async function filled(): Promise<string> {
  const path = file();
  const store = await loaded(path);
  save(
    store,
    ...Array.from({ length: 500 }, (_, n) => put(lease(n, `client ${n}`, { hostname: `node${n}` }))),
  );
  save(store, ...Array.from({ length: 50 }, (_, n) => put(lease(n, `other ${n}`))));
  save(store, { kind: 'machine', machine: { mac: '52:54:00:00:00:01', bootedAt: NOON, arch: 'x86PC' } });
  store.close();
  return path;
}

function spoil(path: string, pages: readonly number[], octet = 0xa5): void {
  const content = readFileSync(path);
  for (const page of pages) content.fill(octet, (page - 1) * PAGE, page * PAGE);
  writeFileSync(path, content);
}

test('rescueLeases() leaves a sound store as it is', async () => {
  const path = await filled();
  expect(await rescueLeases(path, TIME)).toEqual({ kind: 'sound', leases: 500 });
  expect(readdirSync(dirname(path))).toEqual(['leases.db']);
});

test('rescueLeases() saves every row but those of the damaged page, and keeps the damaged file', async () => {
  const path = await filled();
  spoil(path, [9]);
  const damaged = readFileSync(path);
  const result = await rescueLeases(path, TIME);
  if (result.kind !== 'rescued') throw new Error('it was found sound');
  expect(result.kept).toBe(`${path}.damaged-20260102T030405Z`);
  expect(readFileSync(result.kept).equals(damaged)).toBe(true);
  expect(result.leases).toBeGreaterThan(440);
  expect(result.leases).toBeLessThan(500);
  expect(result.machines).toBe(1);
  expect(result.history).toBe(50);
  const store = await loaded(path);
  const found = contentOf(store);
  expect(found).toHaveLength(result.leases);
  for (const one of found) {
    const renewed = one.ip < 50 ? lease(one.ip, `other ${one.ip}`) : undefined;
    expect(one).toEqual(renewed ?? lease(one.ip, `client ${one.ip}`, { hostname: `node${one.ip}` }));
  }
  expect(store.machine('52:54:00:00:00:01')?.arch).toBe('x86PC');
  store.close();
});

test('rescueLeases() needs neither header nor schema, nor the root of the table', async () => {
  const path = await filled();
  spoil(path, [1, 2]);
  expect(await rescueLeases(path, TIME)).toMatchObject({ kind: 'rescued', leases: 500, machines: 1 });
  const store = await loaded(path);
  expect(store.byIp(499)?.client).toBe('client 499');
  save(store, put(lease(499, 'next')));
  store.close();
  const again = await loaded(path);
  expect(again.byIp(499)?.client).toBe('next');
  again.close();
});

test('rescueLeases() reads the journal of a store that was killed and then lost its file', async () => {
  const first = await loaded(file());
  save(first, put(lease(1, 'a')));
  save(first, put(lease(2, 'a')));
  save(first, put(lease(3, 'b')));
  const path = asKilled(first.db.location()!, file());
  first.close();
  truncateSync(path, 0);
  expect(await rescueLeases(path, TIME)).toMatchObject({ kind: 'rescued', leases: 2 });
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(existsSync(`${path}.damaged-20260102T030405Z-wal`)).toBe(true);
  const store = await loaded(path);
  expect(contentOf(store).map(({ ip, client }) => [ip, client])).toEqual([
    [2, 'a'],
    [3, 'b'],
  ]);
  store.close();
});

test('rescueLeases() does not bring back what was deleted', async () => {
  const path = file();
  const first = await loaded(path);
  for (let round = 0; round < 5; round++) {
    save(first, ...Array.from({ length: 300 }, (_, n) => put(lease(n, `c${n}`, { since: NOON + round }))));
  }
  save(first, ...Array.from({ length: 250 }, (_, n) => ({ kind: 'remove' as const, ip: n })));
  for (let step = 0; step < 9; step++) first.tidy(NOON);
  first.close();
  spoil(path, [1], 0x20); // the header alone: everything else can be read
  const content = readFileSync(path);
  expect([...readableRows({ main: content, wal: new Uint8Array() })].length).toBeGreaterThan(49);
  const result = await rescueLeases(path, TIME);
  const store = await loaded(path);
  for (const { ip, since } of contentOf(store)) if (ip >= 250) expect(since).toBe(NOON + 4);
  expect(result).toMatchObject({ kind: 'rescued' });
  store.close();
});

test('rescueLeases() refuses a store in use, one that is not there, one of a newer pxed, somebody else’s file', async () => {
  const path = await filled();
  const running = await loaded(path);
  await expect(rescueLeases(path, TIME)).rejects.toMatchObject({ fault: 'locked' });
  running.close();
  await expect(rescueLeases(`${path}-not`, TIME)).rejects.toMatchObject({ fault: 'unusable' });

  const newer = readFileSync(path);
  newer[63] = 99;
  writeFileSync(path, newer);
  expect(userVersion(newer)).toBe(99);
  await expect(rescueLeases(path, TIME)).rejects.toMatchObject({ fault: 'newer' });
  truncateSync(path, 5000);
  await expect(rescueLeases(path, TIME)).rejects.toMatchObject({ fault: 'newer' });

  const { DatabaseSync } = await import('node:sqlite');
  const foreign = file();
  const db = new DatabaseSync(foreign);
  db.exec('CREATE TABLE notes (text); INSERT INTO notes VALUES (1)');
  db.close();
  await expect(rescueLeases(foreign, TIME)).rejects.toMatchObject({ fault: 'foreign' });
});

test('readableRows() finds the rows SQLite finds', async () => {
  const path = await filled();
  const rows = [...readableRows({ main: readFileSync(path), wal: new Uint8Array() })];
  const store = await loaded(path);
  const statement = store.db.prepare('SELECT * FROM lease ORDER BY id');
  statement.setReturnArrays(true);
  const wanted = statement.all();
  store.close();
  const leases = rows.filter((row) => row.length === 13).sort((a, b) => Number(a[0]) - Number(b[0]));
  expect(leases).toEqual(wanted);
});

test('readableRows() takes any bytes', async () => {
  const sound = readFileSync(await filled());
  const bites = fc.array(
    fc.record({ at: fc.nat(sound.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
    { minLength: 1, maxLength: 30 },
  );
  const cut = fc.nat(sound.length);
  fc.assert(
    fc.property(bites, cut, fc.uint8Array({ maxLength: 200 }), (wounds, length, wal) => {
      const main = Uint8Array.from(sound);
      for (const { at, bytes } of wounds) main.set(bytes.subarray(0, main.length - at), at);
      for (const file of [
        { main, wal },
        { main: main.subarray(0, length), wal: main },
      ]) {
        for (const row of readableRows(file)) {
          expect(row.length).toBeGreaterThan(0);
          const lease = leaseOf(row);
          if (lease && 'lease' in lease) expect(lease.lease.ip).toBe(row[1]);
        }
      }
    }),
    { numRuns: Number(process.env.PXED_FUZZ_RUNS ?? 100) },
  );
});
