import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeptCaptures } from '../../src/store/kept-captures.ts';

const MAC = '52:54:00:12:34:56';
const AT = Date.UTC(2026, 10, 20, 12, 0, 0);
const bytes = Uint8Array.of(1, 2, 3);
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-captures-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('createKeptCaptures() keeps a capture under the machine and the time', () => {
  const captures = createKeptCaptures(join(folder, 'captures'), 3);
  expect(captures.list()).toEqual([]);
  const name = captures.keep(MAC, { at: AT + 999, bytes });
  expect(name).toBe('52-54-00-12-34-56_2026-11-20T12-00-00Z.pcap');
  expect(captures.list()).toEqual([{ name, machine: MAC, at: AT, sizeBytes: 3 }]);
  expect(Buffer.from(captures.read(name)!)).toEqual(Buffer.from(bytes));
  expect(captures.keep('10.0.0.7', { at: AT, bytes })).toBe('10.0.0.7_2026-11-20T12-00-00Z.pcap');
});

test('createKeptCaptures() keeps the newest alone, and one for a boot', () => {
  const captures = createKeptCaptures(folder, 3);
  let last: string | undefined;
  for (let n = 0; n < 6; n++) last = captures.keep(MAC, { at: AT + n * 1000, bytes });
  expect(captures.list().map(({ at }) => (at - AT) / 1000)).toEqual([5, 4, 3]);
  captures.keep(MAC, { at: AT + 9000, bytes }, last);
  expect(captures.list().map(({ at }) => (at - AT) / 1000)).toEqual([9, 4, 3]);
});

test.each(['../leases.db', 'x.pcap', '52-54-00-12-34-56_2026-11-20T12-00-00Z.pcap/../a', ''])(
  'createKeptCaptures() reads no other files: %s',
  (name) => {
    writeFileSync(join(folder, 'x.pcap'), 'x');
    expect(createKeptCaptures(folder, 3).read(name)).toBeUndefined();
  },
);

test('createKeptCaptures() leaves nothing half written behind', () => {
  const captures = createKeptCaptures(join(folder, 'in-the-way'), 3);
  writeFileSync(join(folder, 'in-the-way'), '');
  expect(() => captures.keep(MAC, { at: AT, bytes })).toThrow(/EEXIST|ENOTDIR/);
  chmodSync(folder, 0o700);
  expect(readdirSync(folder)).toEqual(['in-the-way']);
});
