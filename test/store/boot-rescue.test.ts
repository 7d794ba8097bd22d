import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { BootProgress } from '../../src/boot/install-once.ts';
import { createSqliteProgress } from '../../src/store/boot-progress.ts';
import { rescueProgress } from '../../src/store/boot-rescue.ts';
import { openLeaseDatabase } from '../../src/store/lease-database.ts';
import { StoreProblem } from '../../src/store/store-problem.ts';
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

const TIME = new Date(Date.UTC(2026, 0, 2));

function macOf(n: number): string {
  return `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
}

function progress(n: number): BootProgress {
  const fetched = ['vmlinuz', `initrd-${n}.img`];
  return { profile: 'install', needs: fetched, fetched, state: 'fetched', since: n, finished: ['install'] };
}

function filled(path: string, count = 400): string {
  const store = createSqliteProgress(path);
  store.load();
  for (let n = 0; n < count; n++) store.put(macOf(n), progress(n));
  store.save();
  store.close();
  return path;
}

function contentOf(path: string): Map<string, BootProgress> {
  const store = createSqliteProgress(path);
  store.load();
  const content = new Map(store.all());
  store.close();
  return content;
}

test('rescueProgress() leaves a sound store alone', () => {
  const path = filled(file(), 7);
  const before = readFileSync(path);
  expect(rescueProgress(path, TIME)).toEqual({ kind: 'sound', machines: 7 });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test.each([
  { name: 'without its header', spoil: (bytes: Buffer) => bytes.fill(0xa5, 0, 100), least: 400 },
  { name: 'with a page of noise', spoil: (bytes: Buffer) => bytes.fill(0xa5, 8192, 12_288), least: 350 },
  { name: 'cut in the middle', spoil: (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), least: 100 },
])('rescueProgress() saves what can be read of a store $name', ({ spoil, least }) => {
  const path = filled(file());
  const damaged = Buffer.from(spoil(readFileSync(path)));
  writeFileSync(path, damaged);
  expect(() => contentOf(path)).toThrow(StoreProblem);
  const rescued = rescueProgress(path, TIME);
  if (rescued.kind !== 'rescued') throw new Error('nothing was wrong with it');
  const content = contentOf(path);
  expect(content.size).toBe(rescued.machines);
  expect(content.size).toBeGreaterThanOrEqual(least);
  for (const [mac, known] of content)
    expect(known).toEqual(progress(Number.parseInt(mac.replaceAll(':', '').slice(8), 16)));
  expect(readFileSync(rescued.kept).equals(damaged)).toBe(true);
  expect(rescued.kept).toBe(`${path}.damaged-20260102T000000Z`);
  expect(rescueProgress(path, TIME)).toEqual({ kind: 'sound', machines: content.size });
});

test('rescueProgress() takes the newest of what was saved again and again, also out of the journal', () => {
  const path = file();
  const store = createSqliteProgress(path);
  store.load();
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 50; n++) store.put(macOf(n), progress(n + round));
    store.save();
  }
  store.forget(macOf(7));
  store.save();
  const copy = asKilled(path, file());
  store.close();
  truncateSync(copy, 0);
  const rescued = rescueProgress(copy, TIME);
  expect(rescued).toMatchObject({ kind: 'rescued' });
  const content = contentOf(copy);
  expect(content.has(macOf(7))).toBe(false);
  for (const [mac, known] of content) {
    expect(known).toEqual(progress(Number.parseInt(mac.replaceAll(':', '').slice(8), 16) + 4));
  }
});

test.each([
  { name: 'no file', spoil: (path: string) => rmSync(path), fault: 'unusable' },
  {
    name: 'a store of leases',
    spoil: (path: string) => {
      rmSync(path);
      openLeaseDatabase(path).close();
    },
    fault: 'foreign',
  },
])('rescueProgress() refuses $name', ({ spoil, fault }) => {
  const path = filled(file(), 3);
  spoil(path);
  expect(() => rescueProgress(path, TIME)).toThrow(expect.objectContaining({ fault }));
});

test('rescueProgress() refuses a store that is in use', () => {
  const path = file();
  const store = createSqliteProgress(path);
  store.load();
  expect(() => rescueProgress(path, TIME)).toThrow(expect.objectContaining({ fault: 'locked' }));
  store.close();
});

test('rescueProgress() makes of any damage a store that can be opened', () => {
  const sound = readFileSync(filled(file(), 60));
  const anyHit = fc.record({ at: fc.nat(sound.length - 1), length: fc.integer({ min: 1, max: 600 }) });
  const anyFill = fc.constantFrom(0x00, 0x01, 0x7f, 0xff);
  fc.assert(
    fc.property(fc.array(anyHit, { minLength: 1, maxLength: 4 }), anyFill, (hits, fill) => {
      const path = file();
      const bytes = Buffer.from(sound);
      for (const { at, length } of hits) bytes.fill(fill, at, Math.min(at + length, bytes.length));
      writeFileSync(path, bytes);
      try {
        rescueProgress(path, TIME);
      } catch (error) {
        // Its header names a newer pxed, or nothing at all.
        expect(error).toMatchObject({ name: 'StoreProblem' });
        return;
      }
      expect(rescueProgress(path, TIME)).toEqual({ kind: 'sound', machines: contentOf(path).size });
      rmSync(join(path, '..'), { recursive: true });
    }),
    { numRuns: 60 },
  );
});

test('rescueProgress() saves what operators chose, too', () => {
  const path = filled(file(), 3);
  const store = createSqliteProgress(path);
  store.load();
  store.choose(macOf(1), { profile: 'live', once: true, since: 5 });
  store.save();
  store.close();
  const octets = readFileSync(path);
  octets.fill(0xa5, 0, 100);
  writeFileSync(path, octets);
  expect(rescueProgress(path, TIME)).toMatchObject({ kind: 'rescued', machines: 3 });
  const saved = createSqliteProgress(path);
  saved.load();
  expect(saved.choiceOf(macOf(1))).toEqual({ profile: 'live', once: true, since: 5 });
  expect([...saved.all()]).toHaveLength(3);
  saved.close();
});
