import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readableByAll } from '../../src/app/code-access.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-code-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'home/code.js'), '');
  chmodSync(join(folder, 'home'), 0o755);
  chmodSync(join(folder, 'home/code.js'), 0o644);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('readableByAll() looks at the file and at every folder above it', () => {
  const file = join(folder, 'home/code.js');
  expect(readableByAll(file)).toBe(true);
  expect(readableByAll(join(folder, 'home'))).toBe(true);
  chmodSync(join(folder, 'home'), 0o711); // its files can be read, its list cannot
  expect([readableByAll(file), readableByAll(join(folder, 'home'))]).toEqual([true, false]);
  chmodSync(join(folder, 'home'), 0o700);
  expect(readableByAll(file)).toBe(false);
  chmodSync(join(folder, 'home'), 0o755);
  chmodSync(file, 0o640);
  expect(readableByAll(file)).toBe(false);
  expect(readableByAll(join(folder, 'nowhere'))).toBe(false);
});

test('readableByAll() looks where a link leads to', () => {
  symlinkSync(join(folder, 'home/code.js'), join(folder, 'link'));
  expect(readableByAll(join(folder, 'link'))).toBe(true);
  chmodSync(join(folder, 'home'), 0o700);
  expect(readableByAll(join(folder, 'link'))).toBe(false);
});
