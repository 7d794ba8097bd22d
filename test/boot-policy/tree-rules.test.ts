import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOADER_SOURCES } from '../../src/boot/loader-sources-table.ts';
import { BIOS_LOADERS, UEFI_LOADERS } from '../../src/boot/loaders-table.ts';
import {
  LOADER_NAME,
  MODULE_LIBRARIES,
  OPTIONAL_FILES,
  SECOND_STAGES,
} from '../../src/boot/tree-rules-table.ts';
import { file, ring } from '../rig/requirement.ts';

test('LOADER_NAME knows every loader that machines are given', () => {
  const names = [...BIOS_LOADERS, ...Object.values(UEFI_LOADERS).flat()].map(({ name }) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !LOADER_NAME.test(name))).toEqual([]);
});

test.each(['vmlinuz-6.1.0', 'initrd.0', 'default', 'menu.c32', 'efi.img'])(
  'LOADER_NAME leaves out %s',
  (name) => {
    expect(LOADER_NAME.test(name)).toBe(false);
  },
);

test('a second stage of shim is what the search for loaders asks of it', () => {
  for (const [cpu, loaders] of Object.entries(UEFI_LOADERS)) {
    const needed = loaders.filter(({ name }) => name.startsWith('shim')).map(({ needs }) => needs);
    for (const name of needed) expect(name).toBe(SECOND_STAGES[cpu as keyof typeof SECOND_STAGES]);
  }
});

test.each([
  ['revocations.efi', true],
  ['EFI/BOOT//revocations_sbat.efi', true],
  ['\\revocations_sku.efi', true],
  ['efi/shim_certificate_0.efi', true],
  ['shim_certificate.efi', true],
  ['mmx64.efi', false],
  ['grubx64.efi', false],
  ['my-revocations.efi', false],
  ['/grub/x86_64-efi/command.lst', true],
  ['grub/i386-pc/terminal.lst', true],
  ['command.lst', false],
  ['grub/x86_64-efi/normal.mod', false],
  ['efi/autoexec.ipxe', true],
  ['boot.ipxe', false],
])('OPTIONAL_FILES of %s is %s', (name, want) => {
  expect(OPTIONAL_FILES.test(name)).toBe(want);
});

test('what is installed fits what is looked for: names, and the libraries of modules', () => {
  const names = new Set(LOADER_SOURCES.map(({ to }) => to));
  for (const { to, arch } of LOADER_SOURCES) {
    if (!to.endsWith('.c32')) continue;
    const folder = to.slice(0, to.lastIndexOf('/') + 1);
    for (const library of MODULE_LIBRARIES[to.slice(folder.length)] ?? []) {
      expect(names, `${to} (${arch})`).toContain(folder + library);
    }
  }
});

const MODULES = '/usr/lib/syslinux/modules';

ring('MODULE_LIBRARIES', [file(MODULES, 'syslinux-common')], () => {
  describe.each(['bios', 'efi32', 'efi64'])('%s', (platform) => {
    const folder = join(MODULES, platform);
    const names = readdirSync(folder).filter((name) => name.endsWith('.c32'));
    test('is what the modules themselves say', () => {
      expect(names.length).toBeGreaterThan(40);
      const told = Object.fromEntries(names.map((name) => [name, MODULE_LIBRARIES[name] ?? []]));
      const real = Object.fromEntries(
        names.map((name) => [name, neededLibraries(readFileSync(join(folder, name)))]),
      );
      expect(told).toEqual(real);
    });
  });
});

/** DT_NEEDED of an ELF file: libraries that it is linked with. */
function neededLibraries(elf: Buffer): string[] {
  const wide = elf[4] === 2;
  const word = (at: number) => (wide ? Number(elf.readBigUInt64LE(at)) : elf.readUInt32LE(at));
  const step = wide ? 8 : 4;
  const headers = word(wide ? 0x20 : 0x1c);
  const size = elf.readUInt16LE(wide ? 0x36 : 0x2a);
  const segments = Array.from({ length: elf.readUInt16LE(wide ? 0x38 : 0x2c) }, (_, i) => {
    const at = headers + i * size;
    const [offset, address, length] = wide ? [8, 16, 32] : [4, 8, 16];
    return {
      type: elf.readUInt32LE(at),
      offset: word(at + offset!),
      address: word(at + address!),
      length: word(at + length!),
    };
  });
  const dynamic = segments.find(({ type }) => type === 2);
  if (!dynamic) return [];
  const entries = Array.from({ length: dynamic.length / (2 * step) }, (_, i) => {
    const at = dynamic.offset + i * 2 * step;
    return { tag: word(at), value: word(at + step) };
  });
  const strings = entries.find(({ tag }) => tag === 5)?.value ?? 0;
  const holder = segments.find(
    ({ type, address, length }) => type === 1 && strings >= address && strings < address + length,
  )!;
  const table = strings - holder.address + holder.offset;
  return entries
    .filter(({ tag }) => tag === 1)
    .map(({ value }) => elf.toString('latin1', table + value, elf.indexOf(0, table + value)));
}
