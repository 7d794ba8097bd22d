import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { StoreProblem } from '../../src/store/store-problem.ts';
import type { StoredBoot } from '../../src/store/timeline-schema.ts';
import { openTimelineStore } from '../../src/store/timeline-store.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-timeline-'));
  folders.push(folder);
  return join(folder, 'timeline.db');
}

function boot(machine: string, last: number, more: Partial<StoredBoot> = {}): StoredBoot {
  return { machine, weight: 2, began: last - 5, last, detail: '{"marks":[]}', ...more };
}

test('openTimelineStore() keeps boots over a restart, and replaces those that go on', () => {
  const path = file();
  const store = openTimelineStore(path);
  const [first, second] = store.save([
    boot('a', 100, { ip: '10.0.0.1', uuid: 'u-1', arch: 'x86PC', kind: 'http' }),
    boot('b', 200),
  ]);
  store.save([{ ...boot('a', 150), id: first! }, boot('a', 300)]);
  store.close();
  const again = openTimelineStore(path);
  expect(again.of('a', 9).map(({ last }) => last)).toEqual([300, 150]);
  expect(again.of('b', 9)).toEqual([{ ...boot('b', 200), id: second }]);
  expect(again.latest({ most: 9 }).map(({ machine, last }) => [machine, last])).toEqual([
    ['a', 300],
    ['b', 200],
  ]);
  expect(again.latest({ since: 250, most: 9 })).toHaveLength(1);
  expect(again.latest({ most: 1 })).toHaveLength(1);
  expect([...again.counts()]).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  expect([again.countOf('a'), again.countOf('x')]).toEqual([2, 0]);
  again.remove([second!]);
  expect(again.of('b', 9)).toEqual([]);
  again.close();
});

test('openTimelineStore().find() finds a machine by id, address and UUID, the newest first', () => {
  const store = openTimelineStore(file());
  store.save([boot('a', 100, { ip: '10.0.0.1', uuid: 'u-1' }), boot('b', 200, { ip: '10.0.0.1' })]);
  expect([store.find('a'), store.find('10.0.0.1'), store.find('U-1'), store.find('x')]).toEqual([
    'a',
    'b',
    'a',
    undefined,
  ]);
  store.close();
});

test('openTimelineStore().tidy() forgets what is old, and the oldest of too many; made-up machines first', () => {
  const keepMs = 1000;
  const store = openTimelineStore(file(), { boots: 3, strangers: 2, keepMs });
  store.save([boot('old', 100)]);
  store.save(['a', 'b', 'c', 'd'].map((name, n) => boot(name, 2000 + n)));
  store.save(['w', 'x', 'y'].map((name, n) => boot(name, 2000 + n, { weight: 0 })));
  expect(store.tidy(2100)).toBe(3);
  expect(
    store
      .latest({ most: 99 })
      .map(({ machine }) => machine)
      .sort(),
  ).toEqual(['b', 'c', 'd', 'x', 'y']);
  expect(store.tidy(2100)).toBe(0);
  store.close();
});

test('openTimelineStore().tidy() keeps to so many octets', () => {
  const store = openTimelineStore(file(), { octets: 50_000 });
  const detail = JSON.stringify({ marks: ['x'.repeat(1000)] });
  for (let n = 0; n < 100; n++) store.save([boot(`m${n}`, n + 1, { detail, weight: n < 50 ? 0 : 2 })]);
  expect(store.tidy(200)).toBeGreaterThan(50);
  const left = store.latest({ most: 200 });
  expect(left.length).toBeGreaterThan(30);
  expect(left.every(({ weight }) => weight === 2)).toBe(true);
  store.close();
});

test('openTimelineStore() refuses what is damaged, in use or of others, and touches none of it', () => {
  const damaged = file();
  writeFileSync(damaged, '');
  const locked = file();
  const holder = openTimelineStore(locked);
  const foreign = file();
  writeFileSync(foreign, 'no database, but long enough to be looked at as one '.repeat(20));
  for (const [path, fault] of [
    [damaged, 'damaged'],
    [locked, 'locked'],
    [foreign, 'damaged'],
  ] as const) {
    expect(() => openTimelineStore(path)).toThrow(expect.objectContaining({ name: 'StoreProblem', fault }));
  }
  holder.close();
});

test('openTimelineStore() says what goes wrong as a StoreProblem', () => {
  const path = file();
  const store = openTimelineStore(path);
  store.save(Array.from({ length: 500 }, (_, n) => boot(`m${n}`, n + 1, { detail: 'x'.repeat(500) })));
  store.close();
  truncateSync(path, 8192);
  expect(() => openTimelineStore(path)).toThrow(StoreProblem);
});
