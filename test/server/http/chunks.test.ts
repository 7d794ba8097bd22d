import { expect, test } from 'vitest';
import { createChunks } from '../../../src/server/http/chunks.ts';

const KB = 1024;
const MB = KB * KB;
const FILE = 100 * MB;

test('createChunks() gives one client large buffers, many clients small ones, and a small file one of its size', () => {
  const chunks = createChunks(64 * MB);
  const first = chunks.open(FILE);
  const large = first.take();
  expect(large.length).toBe(512 * KB);
  first.giveBack(large);
  expect(chunks.open(10).take().length).toBe(32 * KB);
  for (let n = 0; n < 1000; n++) chunks.open(FILE);
  expect(first.take().length).toBe(32 * KB);
});

test('createChunks() uses buffers again, and forgets those of sizes that nobody takes any more', () => {
  const chunks = createChunks(16 * MB); // 2 MB may wait
  const lease = chunks.open(FILE);
  const large = [0, 1, 2, 3].map(() => lease.take());
  for (const chunk of large) lease.giveBack(chunk);
  expect(large).toContain(lease.take());
  const others = Array.from({ length: 200 }, () => chunks.open(FILE));
  const small = others[0]!.take();
  others[0]!.giveBack(small);
  expect(others[1]!.take()).toBe(small);
});

test('createChunks() keeps to its memory when four thousand clients come one by one and take nothing', () => {
  const chunks = createChunks(64 * MB);
  const leases = Array.from({ length: 4096 }, () => chunks.open(FILE));
  for (const lease of leases) lease.close();
  let held = 0;
  const stalled = Array.from({ length: 4096 }, () => {
    const lease = chunks.open(FILE);
    held += lease.take().length;
    return lease;
  });
  expect(held).toBeLessThanOrEqual(64 * MB);
  // They are gone, and their buffers with them.
  for (const lease of stalled) lease.close();
  expect(chunks.open(FILE).take().length).toBe(512 * KB);
});
