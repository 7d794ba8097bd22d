import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EFI_HEAD_BYTES, isShim, readEfiImage } from '../../src/boot/efi-image.ts';
import { file, ring } from '../rig/requirement.ts';
import { efiProgram } from './efi-program.ts';

test.each([
  { machine: 0x8664, cpu: 'x64' },
  { machine: 0x014c, cpu: 'x86' },
  { machine: 0xaa64, cpu: 'aa64' },
  { machine: 0x01c2, cpu: 'arm' },
  { machine: 0x5064, cpu: 'riscv64' },
  { machine: 0x6264, cpu: 'loongarch64' },
  { machine: 0x0200, cpu: 'other' },
])('readEfiImage() tells that PE machine $machine is $cpu', ({ machine, cpu }) => {
  expect(readEfiImage(efiProgram({ machine }))).toEqual({ ok: true, value: { machine, cpu } });
});

test.each([
  { name: 'nothing', bytes: new Uint8Array(0), reason: 'truncated' },
  { name: 'a web page', bytes: new TextEncoder().encode('<!DOCTYPE html>'), reason: 'no-image' },
  { name: 'a DOS program', bytes: efiProgram({ mark: 'NE\0\0' }), reason: 'no-image' },
  { name: 'a Windows program', bytes: efiProgram({ subsystem: 3 }), reason: 'not-efi' },
  { name: 'an object file', bytes: efiProgram({ optionalSize: 0 }), reason: 'not-efi' },
  { name: 'a header behind its end', bytes: efiProgram({ at: 0x1000 }).slice(0, 0x400), reason: 'truncated' },
  { name: 'the DOS mark alone', bytes: new Uint8Array([0x4d, 0x5a]), reason: 'truncated' },
])('readEfiImage() refuses $name: $reason', ({ bytes, reason }) => {
  expect(readEfiImage(bytes)).toEqual({ ok: false, reason });
});

test('readEfiImage() reads any octets without throwing, and no octet behind their end', () => {
  const head = fc.uint8Array({ maxLength: 200 }).map((octets) => Uint8Array.of(0x4d, 0x5a, ...octets));
  fc.assert(
    fc.property(fc.oneof(head, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      const image = readEfiImage(bytes);
      if (image.ok) expect(image.value.machine).toBeTypeOf('number');
      else expect(['no-image', 'not-efi', 'truncated']).toContain(image.reason);
    }),
  );
});

ring(
  'readEfiImage() on loaders of the system',
  [
    file('/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi', 'syslinux-efi'),
    file('/usr/lib/ipxe/snponly.efi', 'ipxe'),
    file('/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed', 'grub-efi-amd64-signed'),
  ],
  () => {
    test.each([
      ['/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi', 'x64'],
      ['/usr/lib/SYSLINUX.EFI/efi32/syslinux.efi', 'x86'],
      ['/usr/lib/ipxe/snponly.efi', 'x64'],
      ['/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed', 'x64'],
    ])('reads %s as one for %s', (path, cpu) => {
      const head = readFileSync(path).subarray(0, EFI_HEAD_BYTES);
      expect(readEfiImage(head)).toMatchObject({ ok: true, value: { cpu } });
    });
  },
);

test('isShim() finds shim’s version wherever it lies, and nothing in other programs', () => {
  const text = (line: string) => new TextEncoder().encode(line);
  expect(isShim(text(`MZ${'U'.repeat(700)}UEFI SHIM\n$Version: 15.8 $\n`))).toBe(true);
  expect(isShim(text(`MZ${'UEFI '.repeat(700)}`))).toBe(false);
  expect(isShim(text('UEFI SHIM\n$Version:'))).toBe(false);
  expect(isShim(new Uint8Array(0))).toBe(false);
});
