import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findUnreadable } from '../../src/app/check-access.ts';
import { checkBootFile, checkRoot } from '../../src/app/check-root.ts';
import { StartProblem } from '../../src/app/start-problem.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-root-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function problemOf(act: () => unknown): { message: string; fix: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof StartProblem) return { message: error.message, fix: error.fix };
    throw error;
  }
  throw new Error('Expected a StartProblem');
}

test('checkRoot() gives the absolute path of a relative root', () => {
  expect(checkRoot('.')).toBe(process.cwd());
});

test('checkRoot() names a folder that comes near to a missing one', () => {
  mkdirSync(join(folder, 'tftpboot'));
  const { message, fix } = problemOf(() => checkRoot(join(folder, 'tftpbot')));
  expect(message).toBe(`Cannot serve ${join(folder, 'tftpbot')}: no such folder`);
  expect(fix).toBe(`Did you mean ${join(folder, 'tftpboot')}?`);
});

test('checkRoot() refuses a file', () => {
  writeFileSync(join(folder, 'f'), '');
  expect(problemOf(() => checkRoot(join(folder, 'f'))).message).toContain('it is not a folder');
});

test('checkBootFile() accepts a file that is there, also behind a link, and a URL', () => {
  mkdirSync(join(folder, 'bios'));
  writeFileSync(join(folder, 'bios/pxelinux.0'), '');
  symlinkSync('bios/pxelinux.0', join(folder, 'link.0'));
  checkBootFile(folder, 'bios/pxelinux.0');
  checkBootFile(folder, '/bios/pxelinux.0');
  checkBootFile(folder, 'link.0');
  checkBootFile(folder, 'http://192.168.77.1/boot.ipxe');
});

test('checkBootFile() tells names that come near, or the package that has the file', () => {
  expect(problemOf(() => checkBootFile(folder, 'pxelinux.0')).fix).toContain('package pxelinux');
  writeFileSync(join(folder, 'lpxelinux.0'), '');
  const { message, fix } = problemOf(() => checkBootFile(folder, 'pxelinux.0'));
  expect(message).toBe(`Cannot boot from pxelinux.0: there is no such file in ${folder}`);
  expect(fix).toBe('Did you mean lpxelinux.0?');
});

test('findUnreadable() does not count links that lead nowhere, nor what it can read', () => {
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(join(folder, 'a/b/readable'), '');
  symlinkSync('nowhere', join(folder, 'a/dangling'));
  expect(findUnreadable(folder)).toEqual([]);
});

// Root may read everything: the other half of findUnreadable() is proved in test/netns, where pxed has dropped it.
