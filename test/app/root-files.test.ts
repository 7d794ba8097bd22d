import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRootFiles } from '../../src/app/root-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-files-'));
  mkdirSync(join(root, 'EFI/BOOT'), { recursive: true });
  writeFileSync(join(root, 'EFI/BOOT/BOOTX64.EFI'), '');
});
afterEach(() => rmSync(root, { recursive: true }));

test('createRootFiles() finds a file, not a folder, by its name', () => {
  const exists = createRootFiles(root, { ignoreCase: false });
  expect(exists('EFI/BOOT/BOOTX64.EFI')).toBe(true);
  expect(exists('EFI/BOOT')).toBe(false);
  expect(exists('EFI/BOOT/bootx64.efi')).toBe(false);
  expect(exists('nothing/at/all')).toBe(false);
});

test('createRootFiles() finds it by another case where TFTP will', () => {
  const exists = createRootFiles(root, { ignoreCase: true });
  expect(exists('efi/boot/bootx64.efi')).toBe(true);
  expect(exists('efi/boot')).toBe(false);
  expect(exists('efi/boot/bootia32.efi')).toBe(false);
});

test('createRootFiles() asks the disk once a second', () => {
  let now = 0;
  const exists = createRootFiles(root, { ignoreCase: false, now: () => now });
  expect(exists('new')).toBe(false);
  writeFileSync(join(root, 'new'), '');
  now = 999;
  expect(exists('new')).toBe(false);
  now = 1000;
  expect(exists('new')).toBe(true);
});

test('createRootFiles() does not count what TFTP would not serve', () => {
  symlinkSync('/etc/hostname', join(root, 'outside'));
  const exists = createRootFiles(root);
  expect(exists('outside')).toBe(false);
  expect(exists('../pxed-files/x')).toBe(false);
  expect(exists('/EFI/BOOT/BOOTX64.EFI')).toBe(true);
  rmSync(root, { recursive: true });
  mkdirSync(root);
  expect(createRootFiles(root)('EFI/BOOT/BOOTX64.EFI')).toBe(false);
});
