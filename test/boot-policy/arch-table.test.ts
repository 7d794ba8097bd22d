import { describe, expect, test } from 'vitest';
import { ARCHS, archCode, archOf, sameArchs } from '../../src/boot/arch-table.ts';

test('ARCHS has every code from 0 to 41 once, in order, each with a name of its own', () => {
  expect(ARCHS.map(({ code }) => code)).toEqual(Array.from({ length: 42 }, (_, code) => code));
  expect(new Set(ARCHS.map(({ name }) => name.toLowerCase())).size).toBe(42);
});

test.each([
  [0, 'x86PC', 'bios', false],
  [6, 'IA32_EFI', 'efi', false],
  [7, 'x86-64_EFI', 'efi', false],
  [9, 'BC_EFI', 'efi', false],
  [11, 'ARM64_EFI', 'efi', false],
  [16, 'x86-64_HTTP', 'efi', true],
  [19, 'ARM64_HTTP', 'efi', true],
  [22, 'ARM64_U-Boot', 'u-boot', false],
] as const)('archOf() %i is %s', (code, name, firmware, http) => {
  expect(archOf(code)).toMatchObject({ code, name, firmware, http });
});

test('archOf() names a code it does not know by its number', () => {
  expect(archOf(4711)).toMatchObject({ name: 'arch-4711', cpu: 'other', http: false });
});

describe('archCode()', () => {
  test.each([
    ['x86-64_EFI', 7],
    ['X86-64_efi', 7],
    ['11', 11],
    ['65535', 65_535],
    ['65536', undefined],
    ['x64', undefined],
    ['-1', undefined],
    ['', undefined],
  ])('archCode() "%s" is %s', (text, code) => {
    expect(archCode(text)).toBe(code);
  });

  test('archCode() reads back every name', () => {
    expect(ARCHS.map(({ name }) => archCode(name))).toEqual(ARCHS.map(({ code }) => code));
  });
});

test('sameArchs() takes 7 and 9, and their HTTP twins, for one machine (errata of RFC 4578)', () => {
  expect([7, 9, 16, 17, 0].map(sameArchs)).toEqual([[7, 9], [9, 7], [16, 17], [17, 16], [0]]);
});
