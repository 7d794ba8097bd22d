import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkBootFile, checkContent, checkKernel } from '../../src/client/program-check.ts';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';
import { ROM } from './drive.ts';
import { efiProgram, linuxKernel } from './images.ts';

const BIOS: RomIdentity = ROM;
const X64: RomIdentity = { ...ROM, firmware: 'uefi', arch: 7 };
const ARM64: RomIdentity = { ...ROM, firmware: 'uefi', arch: 11 };
const file = (bytes: Uint8Array, sizeBytes = bytes.length) => ({ sizeBytes, head: bytes.slice(0, 4096) });
const text = (words: string) => file(latin1Encode(words));

describe('checkBootFile()', () => {
  test.each([
    ['an EFI program for x64 UEFI', X64, file(efiProgram()), undefined],
    ['octets for BIOS', BIOS, file(Uint8Array.of(0xea, 5, 0, 0xc0, 7)), undefined],
    ['an empty file', BIOS, file(new Uint8Array(0)), 'empty'],
    ['an EFI program for BIOS', BIOS, file(efiProgram()), 'wrong-arch'],
    ['a BIOS program for UEFI', X64, file(Uint8Array.of(0xea, 5, 0, 0xc0, 7)), 'wrong-arch'],
    ['an EFI program for x64 on ARM', ARM64, file(efiProgram()), 'wrong-arch'],
    ['an EFI program that is cut off', X64, file(efiProgram(), 1500), 'truncated'],
    ['a page of HTML', BIOS, text('<!DOCTYPE html><html>404</html>'), 'not-a-program'],
    ['a script of iPXE', BIOS, text('#!ipxe\nboot http://10.0.0.1/'), 'not-a-program'],
    ['zeros', BIOS, file(new Uint8Array(600)), 'not-a-program'],
    ['a program larger than base memory', BIOS, file(Uint8Array.of(0xea, 5), 700_000), 'note'],
  ])('of %s', (_, rom, given, why) => {
    expect(checkBootFile(rom, given)?.why).toBe(why);
  });
});

describe('checkKernel()', () => {
  test.each([
    ['a whole bzImage', file(linuxKernel()), undefined],
    ['one whose last 16 octets are not whole', file(linuxKernel(4090)), undefined],
    ['a bzImage that is cut off', file(linuxKernel(), 5000), 'truncated'],
    ['an empty file', file(new Uint8Array(0)), 'empty'],
    ['a page of HTML', text('<html>not here</html>'), 'not-a-program'],
    ['text', text('# see /boot/vmlinuz-6.1.0\n'), 'not-a-program'],
    ['zeros', file(new Uint8Array(5000)), 'not-a-program'],
    ['an ELF program', file(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)), undefined],
    ['a COM32 module of PXELINUX 4', file(Uint8Array.of(0xb8, 0xff, 0x4c, 0xcd, 0x21)), undefined],
    ['a compressed kernel', file(Uint8Array.of(0x1f, 0x8b, 8, 0)), undefined],
    ['a kernel for UEFI', file(efiProgram()), undefined],
    ['a script of iPXE', text('#!ipxe\nboot http://10.0.0.1/'), undefined],
  ])('of %s', (_, given, why) => {
    expect(checkKernel(given)?.why).toBe(why);
  });

  test('says how long the kernel would be', () => {
    const kernel = linuxKernel(8192);
    expect(checkKernel(file(kernel, 3000))?.detail).toBe(
      `cut off: 3000 octets, and its own header says ${kernel.length - 15}`,
    );
  });
});

test('checkContent() refuses nothing but an empty file', () => {
  expect(checkContent(file(new Uint8Array(0)))?.why).toBe('empty');
  expect(checkContent(text('x'))).toBeUndefined();
});

test('checkBootFile() and checkKernel() never throw, whatever the octets', () => {
  const head = fc.oneof(fc.uint8Array({ maxLength: 700 }), fc.uint8Array({ maxLength: 300 }).map(withMarks));
  fc.assert(
    fc.property(head, fc.nat(5000), (bytes, more) => {
      const given = { head: bytes, sizeBytes: bytes.length + more };
      for (const rom of [BIOS, X64]) expect(checkBootFile(rom, given)?.why ?? '').toEqual(expect.any(String));
      expect(checkKernel(given)?.why ?? '').toEqual(expect.any(String));
    }),
  );
});

/** The noise in the place of a program's headers. */
function withMarks(noise: Uint8Array): Uint8Array {
  const bytes = efiProgram();
  for (const [index, octet] of noise.entries()) if (index % 3 === 0) bytes[0x80 + index] = octet;
  return bytes;
}
