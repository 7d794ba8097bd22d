import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadNetwork } from '../../src/net/load.ts';

const network = await loadNetwork();
const folder = mkdtempSync(join(tmpdir(), 'pxed-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.runIf(network.pageCache !== undefined)(
  'pageCache.cachedFrom() tells a file just written from nothing, to the last octet of a page',
  () => {
    const fd = openSync(join(folder, 'warm'), 'w+');
    writeSync(fd, new Uint8Array(3_000_001));
    const cache = network.pageCache!;
    expect(cache.cachedFrom(fd, 0, 3_000_001)).toBe(3_000_001);
    expect(cache.cachedFrom(fd, 2_999_000, 1_001)).toBe(1_001);
    closeSync(fd);
  },
);

test.runIf(network.pageCache !== undefined)(
  'pageCache.readAhead() brings a file in, and is no failure for any',
  () => {
    const path = join(folder, 'ahead');
    const fd = openSync(path, 'w+');
    writeSync(fd, new Uint8Array(100_000));
    fsyncSync(fd);
    const cache = network.pageCache!;
    cache.readAhead(fd, 0, 4 << 20);
    cache.readAhead(-1, 0, 4 << 20);
    expect(cache.cachedFrom(-1, 0, 4096)).toBe(4096); // nobody knows
    expect(readFileSync(path).length).toBe(100_000);
    expect(cache.cachedFrom(fd, 0, 100_000)).toBe(100_000);
    closeSync(fd);
  },
);

test.runIf(network.pageCache?.read !== undefined)(
  'pageCache.read() copies what is in memory to where it is told, and nothing at the end',
  () => {
    const fd = openSync(join(folder, 'read'), 'w+');
    const octets = Uint8Array.from({ length: 10_000 }, (_, i) => i * 7);
    writeSync(fd, octets);
    const read = network.pageCache!.read!;
    const into = new Uint8Array(4000);
    const part = into.subarray(1000, 3000);
    expect(read(fd, 5000, part)).toBe(2000);
    expect(part).toEqual(octets.subarray(5000, 7000));
    expect(into.subarray(0, 1000).every((octet) => octet === 0)).toBe(true);
    expect(into.subarray(3000).every((octet) => octet === 0)).toBe(true);
    expect(read(fd, 9500, part)).toBe(500);
    expect(read(fd, 10_000, part)).toBe(0);
    expect(read(-1, 0, part)).toBe(0);
    closeSync(fd);
  },
);
