import { renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lease, LeaseMutation, Machine } from '../../src/dhcp/lease.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';
import { createSqliteLeases } from '../../src/store/lease-sqlite.ts';
import { StoreProblem } from '../../src/store/store-problem.ts';
import { asKilled, contentOf, lease, leaseFiles, loaded, NOON, put, save } from './lease-rig.ts';

const file = leaseFiles();
const FOR_EVER = Number.POSITIVE_INFINITY;

test('createSqliteLeases() finds everything again that was committed', async () => {
  const path = file();
  const first = await loaded(path);
  // A field that is new in either type must be written here, and kept by the store.
  const full: Required<Lease> = {
    ip: 0xffff_fffe,
    client: '10.0.0.0/8 id 00',
    mac: '00:11:22:33:44:55:66:77',
    state: 'released',
    kind: 'bootp',
    since: NOON,
    expiresAt: FOR_EVER,
    hostname: 'node1.lab',
    via: 0x0a00_0001,
    relayInfo: '0104deadbeef',
    clientId: '00ff',
  };
  const machine: Required<Machine> = {
    mac: '52:54:00:00:00:01',
    bootedAt: NOON,
    arch: 'x86PC',
    quirk: 'no-43',
  };
  save(first, put(full), put(lease(0, 'b')), put(lease(7, '', { state: 'abandoned' })));
  save(first, { kind: 'machine', machine });
  first.close();

  const second = await loaded(path);
  expect(contentOf(second)).toEqual([lease(0, 'b'), lease(7, '', { state: 'abandoned' }), full]);
  expect(second.byClient('10.0.0.0/8 id 00')).toEqual(full);
  expect(second.machine(machine.mac)).toEqual(machine);
  second.close();
});

test('createSqliteLeases() a committed lease is there when the process was killed', async () => {
  const path = file();
  const first = await loaded(path);
  save(first, put(lease(1, 'a')));
  const second = await loaded(asKilled(path, file()));
  first.close();
  expect(second.byIp(1)).toEqual(lease(1, 'a'));
  second.close();
});

test('createSqliteLeases() offers are never written, and what was staged alone is lost', async () => {
  const path = file();
  const first = await loaded(path);
  save(first, put(lease(1, 'a')));
  const before = first.db.prepare('SELECT total_changes() AS n').get()?.n;
  save(first, put(lease(2, 'b', { state: 'offered' }), true), put(lease(1, 'c', { state: 'offered' }), true));
  expect(first.db.prepare('SELECT total_changes() AS n').get()?.n).toBe(before);
  expect(first.byIp(1)?.client).toBe('c');
  first.stage([put(lease(3, 'd'))]);
  first.close();
  const second = await loaded(path);
  expect(contentOf(second)).toEqual([lease(1, 'a')]);
  second.close();
});

test('createSqliteLeases() a client that took another address does not get the first back by a restart', async () => {
  const path = file();
  const first = await loaded(path);
  save(first, put(lease(1, 'a')));
  save(first, put(lease(2, 'a', { state: 'offered' }), true)); // its offer takes the place of the record in memory
  save(first, put(lease(2, 'a')));
  save(first, put(lease(2, 'b')));
  first.close();
  const second = await loaded(path);
  expect(contentOf(second)).toEqual([lease(2, 'b')]);
  second.close();
});

test('createSqliteLeases() of many changes of one turn the last one counts', async () => {
  const path = file();
  const first = await loaded(path);
  const renewals = [1, 2, 3].map((n) => put(lease(1, 'a', { since: NOON + n })));
  save(first, ...renewals);
  expect(first.db.prepare('SELECT count(*) AS n FROM lease').get()?.n).toBe(1);
  first.close();
  const second = await loaded(path);
  expect(second.byIp(1)?.since).toBe(NOON + 3);
  second.close();
});

test('createSqliteLeases() a commit that fails throws, and nothing of its turn is left', async () => {
  const store = await loaded(file());
  save(store, put(lease(1, 'a')));
  const machine = { mac: '52:54:00:00:00:09', bootedAt: NOON };
  store.db.exec('PRAGMA query_only = ON');
  store.stage([
    put(lease(1, 'b')),
    put(lease(2, 'a')),
    put(lease(3, 'c', { state: 'offered' }), true),
    { kind: 'machine', machine },
  ]);
  expect(() => store.commit()).toThrow(StoreProblem);
  expect(contentOf(store)).toEqual([lease(1, 'a')]);
  expect(store.byClient('b')).toBeUndefined();
  expect(store.byClient('a')?.ip).toBe(1);
  expect(store.machine(machine.mac)).toBeUndefined();
  store.db.exec('PRAGMA query_only = OFF');
  save(store, put(lease(2, 'a')));
  expect(contentOf(store)).toEqual([lease(2, 'a')]);
  store.close();
});

test('createSqliteLeases() says that the disk is full, and goes on when there is room', async () => {
  const path = file();
  const store = await loaded(path);
  const pages = Number(store.db.prepare('PRAGMA page_count').get()?.page_count);
  store.db.exec(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 500 }, (_, n) => put(lease(n, `client ${n}`)));
  store.stage(many);
  expect(() => store.commit()).toThrow(/leases\.db: the disk is full/);
  expect(contentOf(store)).toEqual([]);
  store.db.exec('PRAGMA max_page_count = 100000');
  save(store, ...many);
  store.close();
  const again = await loaded(path);
  expect(contentOf(again)).toHaveLength(500);
  again.close();
});

test('createSqliteLeases() must be loaded before it is used', () => {
  const store = createSqliteLeases(file());
  store.stage([put(lease(1, 'a'))]);
  expect(() => store.commit()).toThrow(/not loaded/);
});

test('createSqliteLeases() tidy() deletes what is superseded, step by step, and loses nothing', async () => {
  const path = file();
  const first = await loaded(path);
  for (let round = 0; round < 6; round++) {
    save(first, ...Array.from({ length: 200 }, (_, n) => put(lease(n, `c${n}`, { since: NOON + round }))));
  }
  const rows = () => Number(first.db.prepare('SELECT count(*) AS n FROM lease').get()?.n);
  expect(rows()).toBe(1200);
  first.tidy(NOON);
  expect(rows()).toBe(700);
  for (let step = 0; step < 5; step++) first.tidy(NOON);
  expect(rows()).toBe(200);
  first.close();
  const second = await loaded(path);
  expect(contentOf(second)).toHaveLength(200);
  expect(second.byIp(3)?.since).toBe(NOON + 5);
  second.close();
});

const IPS = [1, 2, 3, 4, 5];
const CLIENTS = ['a', 'b', 'c', ''];
const MACS = ['00:00:00:00:00:01', '00:00:00:00:00:02'];

const someLease = fc
  .record({
    ip: fc.constantFrom(...IPS),
    client: fc.constantFrom(...CLIENTS),
    state: fc.constantFrom('bound' as const, 'released' as const, 'abandoned' as const, 'offered' as const),
    since: fc.integer({ min: NOON, max: NOON + 3 }),
    expiresAt: fc.constantFrom(NOON + 1, NOON + 9, FOR_EVER),
  })
  .map(({ ip, client, ...fields }) => lease(ip, client, fields));

const someMutation: fc.Arbitrary<LeaseMutation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('put' as const), lease: someLease, volatile: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), ip: fc.constantFrom(...IPS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('machine' as const),
      machine: fc.record({ mac: fc.constantFrom(...MACS), bootedAt: fc.integer({ min: 0, max: 9 }) }),
    }),
  },
);

/** A turn of the server, and what becomes of it; between turns the background, a restart, a kill. */
const someStep = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('commit' as const, 'commit' as const, 'fail' as const),
      mutations: fc.array(someMutation, { maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('tidy' as const, 'restart' as const, 'kill' as const),
      mutations: fc.constant([]),
    }),
  },
);

test('createSqliteLeases() any sequence of turns, failures, restarts and kills leaves what was committed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { maxLength: 25 }), async (sequence) => {
      let path = file();
      let store = await loaded(path, { tidyRows: 1 });
      // Two references: every change that was committed since the start, and those of all time that are to survive.
      let seen = createMemoryLeases();
      const durable: LeaseMutation[] = [];
      for (const { do: what, mutations } of sequence) {
        if (what === 'tidy') store.tidy(NOON);
        else if (what === 'restart' || what === 'kill') {
          if (what === 'kill') path = asKilled(path, file());
          store.close();
          store = await loaded(path, { tidyRows: 1 });
          seen = createMemoryLeases();
          save(seen, ...durable);
        } else {
          if (what === 'fail') store.db.exec('PRAGMA query_only = ON');
          store.stage(mutations);
          if (isDone(() => store.commit())) {
            save(seen, ...mutations);
            durable.push(...mutations.filter((one) => one.kind !== 'put' || !one.volatile));
          } else expect(what).toBe('fail');
          store.db.exec('PRAGMA query_only = OFF');
        }
        for (const ip of IPS) expect(store.byIp(ip)).toEqual(seen.byIp(ip));
        for (const client of CLIENTS) expect(store.byClient(client)).toEqual(seen.byClient(client));
        for (const mac of MACS) expect(store.machine(mac)).toEqual(seen.machine(mac));
      }
      store.close();
    }),
    { numRuns: Number(process.env.PXED_FUZZ_RUNS ?? 60) },
  );
});

function isDone(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

test('createSqliteLeases() a log that is cut anywhere, as by a power cut, gives what was committed up to there', async () => {
  const path = file();
  const store = await loaded(path);
  const states = [contentOf(store)];
  for (let turn = 0; turn < 30; turn++) {
    save(
      store,
      put(lease(turn % 7, `c${turn % 5}`, { since: NOON + turn })),
      put(lease(100 + turn, `d${turn}`)),
    );
    states.push(contentOf(store));
  }
  const length = statSync(`${path}-wal`).size;
  let reached = 0;
  for (let cut = 0; cut <= length; cut += 1500) {
    const other = asKilled(path, file());
    truncateSync(`${other}-wal`, cut);
    const after = await loaded(other);
    const found = contentOf(after);
    const state = states.findIndex((one) => isDeepStrictEqual(one, found));
    expect(state, `${cut} octets of the log`).toBeGreaterThanOrEqual(reached);
    reached = state;
    after.close();
  }
  expect(reached).toBeGreaterThan(28);
  store.close();
});

test('createSqliteLeases() gives the write-ahead log its length at the start, where there is room for it', async () => {
  const path = file();
  const store = createSqliteLeases(path);
  await store.load();
  const before = statSync(`${path}-wal`).size;
  expect(before).toBeGreaterThan(8_000_000);
  for (let turn = 0; turn < 20; turn++) save(store, put(lease(turn, `c${turn}`)));
  expect(statSync(`${path}-wal`).size).toBe(before);
  const killed = await loaded(asKilled(path, file()));
  expect(contentOf(killed)).toHaveLength(20);
  killed.close();
  store.close();
  expect(statSync(path).size).toBeLessThan(100_000);
});

test('createSqliteLeases() makes the file anew that somebody took away, with all that was committed', async () => {
  const path = file();
  const first = await loaded(path);
  const machine = { mac: '52:54:00:00:00:01', bootedAt: NOON };
  save(first, put(lease(1, 'a')), put(lease(2, 'b')), { kind: 'machine', machine });
  save(first, put(lease(1, 'a', { since: NOON + 1 })), put(lease(3, 'c', { state: 'offered' }), true));
  rmSync(path);
  expect(() => first.tidy(NOON)).toThrow(/somebody took the file away; a new one was made/);
  first.tidy(NOON);
  save(first, put(lease(3, 'c')));
  const second = await loaded(asKilled(path, file()));
  expect(contentOf(second)).toEqual([lease(1, 'a', { since: NOON + 1 }), lease(2, 'b'), lease(3, 'c')]);
  expect(second.machine(machine.mac)).toEqual(machine);
  second.close();
  first.close();
});

test('createSqliteLeases() saves nothing any more when another file took its place', async () => {
  const path = file();
  const first = await loaded(path);
  save(first, put(lease(1, 'a')));
  const other = await loaded(file());
  save(other, put(lease(9, 'x')));
  const copy = asKilled(other.db.location()!, file());
  other.close();
  renameSync(copy, path);
  expect(() => first.tidy(NOON)).toThrow(/another file took its place/);
  first.stage([put(lease(2, 'b'))]);
  expect(() => first.commit()).toThrow();
  expect(first.byIp(2)).toBeUndefined();
  first.close();
});

test('createSqliteLeases() keeps a hundred thousand leases and machines', async () => {
  const path = file();
  const first = await loaded(path);
  const macOf = (n: number) => `52:54:00:${[n >> 16, (n >> 8) & 255, n & 255].map(hex).join(':')}`;
  for (let n = 0; n < 100_000; n++) {
    const mac = macOf(n);
    first.stage([
      put(lease(0x0a00_0000 + n, `10.0.0.0/15 hw 1 ${mac}`, { mac })),
      { kind: 'machine', machine: { mac, bootedAt: NOON } },
    ]);
    if (n % 500 === 499) first.commit();
    if (n % 10_000 === 0) first.tidy(NOON);
  }
  first.close();
  const second = await loaded(path);
  expect(contentOf(second)).toHaveLength(100_000);
  const last = macOf(99_999);
  expect(second.byClient(`10.0.0.0/15 hw 1 ${last}`)?.ip).toBe(0x0a00_0000 + 99_999);
  expect(second.machine(last)).toEqual({ mac: last, bootedAt: NOON });
  expect(second.machine(macOf(0))).toBeDefined();
  second.close();
});

function hex(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}
