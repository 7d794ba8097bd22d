import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Content } from '../../../src/net/datagram.ts';
import { createFileCache, type SharedFile } from '../../../src/server/tftp/file-cache.ts';
import type { BootFile } from '../../../src/store/boot-file.ts';
import { identityOf } from '../../../src/store/file-identity.ts';

let root: string;
let closed: Content[];
const source = {
  openContent: (_: number, sizeBytes: number) => ({ ok: true as const, value: { sizeBytes } }),
  closeContent: (content: Content) => void closed.push(content),
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-cache-'));
  closed = [];
});
afterEach(() => rmSync(root, { recursive: true }));

/** A fresh descriptor, as the tree hands it out at each request. */
function opened(path: string, identity = path, sizeBytes = 4): BootFile {
  writeFileSync(join(root, path), 'x'.repeat(sizeBytes));
  return { fd: openSync(join(root, path), 'r'), sizeBytes, mtimeMs: 0, identity, path };
}

function shared(outcome: ReturnType<ReturnType<typeof createFileCache>['share']>): SharedFile {
  if (!outcome.ok) throw new Error(outcome.error.errno);
  return outcome.value;
}

const isOpen = (fd: number): boolean => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
};

test('share() gives all readers of a file one content and closes the spare descriptor', () => {
  const cache = createFileCache(source, 1e9);
  const first = shared(cache.share(opened('a')));
  const spare = opened('a');
  expect(shared(cache.share(spare))).toBe(first);
  expect(isOpen(spare.fd)).toBe(false);
  expect(cache.openFiles).toBe(1);
  cache.close();
  expect(isOpen(first.file.fd)).toBe(false);
});

test('share() opens a replaced file anew; the old one goes once nobody reads it and what was queued is sent', () => {
  const cache = createFileCache(source, 1e9);
  const old = shared(cache.share(opened('a', 'before')));
  const fresh = shared(cache.share(opened('a', 'after')));
  expect(fresh).not.toBe(old);
  cache.trim(100_000);
  expect(closed).toEqual([]);
  cache.release(old, 100_000);
  cache.trim(100_500);
  expect(closed).toEqual([]);
  cache.trim(101_500);
  expect(closed).toEqual([old.content]);
  expect(cache.openFiles).toBe(1);
  cache.close();
});

test('trim() keeps what is read, and what was read lately within its bound, the latest first', () => {
  const cache = createFileCache(source, 10);
  const files = ['a', 'b', 'c', 'd'].map((name) => shared(cache.share(opened(name))));
  for (const file of files.slice(0, 3)) cache.release(file, 1000);
  cache.trim(3000);
  expect(closed).toEqual([files[0]!.content]); // 4 + 4 of 10 octets stay idle, d is in use
  cache.trim(60_000);
  expect(closed).toHaveLength(3);
  expect(cache.openFiles).toBe(1);
  cache.close();
  expect(cache.openFiles).toBe(0);
});

test('makeRoom() closes what nobody uses; what was used lately only when nothing of it waits to be sent', () => {
  const cache = createFileCache(source, 1e9);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => shared(cache.share(opened(name))));
  cache.release(a!, 1000);
  cache.release(b!, 2500);
  expect(cache.makeRoom(3000, { every: true, isSent: false })).toBe(true);
  expect(closed).toEqual([a!.content]);
  expect(cache.makeRoom(3000, { every: true, isSent: false })).toBe(false);
  expect(cache.makeRoom(3000, { every: true, isSent: true })).toBe(true);
  expect(closed).toEqual([a!.content, b!.content]);
  expect(isOpen(c!.file.fd)).toBe(true);
  cache.close();
});

test.each([
  ['was cut short', (path: string) => truncateSync(path, 3)],
  ['has other octets now, as many', (path: string) => writeFileSync(path, 'yyyy')],
])('isIntact() sees a file that %s', (_, change) => {
  const cache = createFileCache(source, 1e9);
  const made = opened('a');
  utimesSync(join(root, 'a'), 1, 1); // long before the change, however coarse the file system's clock is
  const identity = identityOf(fstatSync(made.fd, { bigint: true }));
  const file = shared(cache.share({ ...made, identity }));
  expect(cache.isIntact(file)).toBe(true);
  change(join(root, 'a'));
  expect(cache.isIntact(file)).toBe(false);
  cache.close();
});

test('share() closes the descriptor of a file that cannot be mapped', () => {
  const error = { operation: 'mmap', errno: 'ENOMEM' };
  const cache = createFileCache({ ...source, openContent: () => ({ ok: false, error }) }, 1e9);
  const file = opened('a');
  expect(cache.share(file)).toEqual({ ok: false, error });
  expect(isOpen(file.fd)).toBe(false);
  expect(() => closeSync(file.fd)).toThrow();
});
