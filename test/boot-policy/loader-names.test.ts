import { expect, test } from 'vitest';
import { archOf } from '../../src/boot/arch-table.ts';
import { grubImageOf, type SearchClient, searchOf } from '../../src/boot/loader-names.ts';

const CLIENT = {
  mac: '88:99:aa:bb:cc:dd',
  ip: 0xc0a8025b,
  uuid: 'b8945908-d6a6-41a9-611d-74a6ab80b83d',
  arch: archOf(7),
  isUBoot: false,
};

function search(bootFile: string, about: Partial<SearchClient> = {}) {
  return searchOf({ ...CLIENT, bootFile, ...about });
}

test.each<[bootFile: string, about: Partial<SearchClient>, loader: string, first: string, last: string]>([
  ['pxelinux.0', {}, 'pxelinux', `pxelinux.cfg/${CLIENT.uuid}`, 'pxelinux.cfg/default'],
  ['bios/lpxelinux.0', {}, 'pxelinux', `bios/pxelinux.cfg/${CLIENT.uuid}`, 'bios/pxelinux.cfg/default'],
  ['/efi64/syslinux.efi', {}, 'pxelinux', `efi64/pxelinux.cfg/${CLIENT.uuid}`, 'efi64/pxelinux.cfg/default'],
  ['pxelinux.0', { prefix: '/x/', configFile: 'mine' }, 'pxelinux', 'x/mine', 'x/pxelinux.cfg/default'],
  ['grubnetx64.efi.signed', {}, 'grub', `grub/grub.cfg-${CLIENT.uuid}`, 'grub.cfg'],
  ['EFI/debian/shimx64.efi', {}, 'grub', `grub/grub.cfg-${CLIENT.uuid}`, 'EFI/debian/grub.cfg'],
  ['boot/grub/x86_64-efi/core.efi', {}, 'grub', `boot/grub/grub.cfg-${CLIENT.uuid}`, 'boot/grub/grub.cfg'],
  ['http://10.0.0.1:8080/grubx64.efi', {}, 'grub', `grub/grub.cfg-${CLIENT.uuid}`, 'grub.cfg'],
  ['x/snponly.efi', {}, 'ipxe', 'x/autoexec.ipxe', 'x/autoexec.ipxe'],
  ['boot.ipxe', {}, 'script', 'boot.ipxe', 'boot.ipxe'],
  ['http://10.0.0.1/boot.ipxe?mac=1', {}, 'script', 'boot.ipxe', 'boot.ipxe'],
  [
    'tftp/boot.scr',
    { isUBoot: true },
    'u-boot',
    `tftp/pxelinux.cfg/${CLIENT.uuid}`,
    'tftp/pxelinux.cfg/default',
  ],
  ['pxelinux.0', { isUBoot: true, configFile: '/x/y' }, 'u-boot', 'x/y', 'x/y'],
])('searchOf() %s %o: %s looks from %s to %s', (bootFile, about, loader, first, last) => {
  const found = search(bootFile, about);
  expect([found?.loader, found?.names[0], found?.names.at(-1)]).toEqual([loader, first, last]);
});

test('searchOf() PXELINUX takes no UUID of a type that there is not', () => {
  for (const uuid of ['b8945908-d6a6-01a9-611d-74a6ab80b83d', 'b8945908-d6a6-f1a9-611d-74a6ab80b83d']) {
    expect(search('pxelinux.0', { uuid })?.names[0]).toBe('pxelinux.cfg/01-88-99-aa-bb-cc-dd');
    expect(search('grubx64.efi', { uuid })?.names[0]).toBe(`grub/grub.cfg-${uuid}`);
  }
});

test('searchOf() GRUB with a configuration built in reads grub.cfg alone', () => {
  const grubImage = new TextEncoder().encode('\0\0if [ -e x ]; then\n\tsource $prefix/grub.cfg\n');
  expect(search('grubnetx64.efi', { grubImage })?.names).toEqual(['grub/grub.cfg']);
  const both = new TextEncoder().encode('source $prefix/grub.cfg\nelse\nsource $cmdpath/grub.cfg\nfi');
  const names = ['grub/grub.cfg', 'EFI/debian/grub.cfg'];
  expect(search('EFI/debian/shimx64.efi', { grubImage: both })?.names).toEqual(names);
});

test('grubImageOf() is the GRUB that runs in the end', () => {
  expect(grubImageOf('EFI/debian/shimx64.efi', archOf(7))).toBe('EFI/debian/grubx64.efi');
  expect(grubImageOf('http://10.0.0.1/grubnetx64.efi.signed', archOf(16))).toBe('grubnetx64.efi.signed');
  expect(grubImageOf('shimx64.efi', undefined)).toBeUndefined();
  expect(grubImageOf('pxelinux.0', archOf(0))).toBeUndefined();
});

test('searchOf() iPXE for BIOS asks for nothing of its own, and says what comes next', () => {
  const found = search('undionly.kpxe', { arch: archOf(0) });
  expect(found?.names).toEqual([]);
  expect(found?.notes.join()).toContain('--stage ipxe');
});

test('searchOf() shim’s second stage is named', () => {
  expect(search('EFI/debian/shimx64.efi')?.notes[0]).toContain('EFI/debian/grubx64.efi');
});

test.each(['memtest.bin', 'bootx64.efi', 'wimboot', ''])('searchOf() nothing is known of %j', (bootFile) => {
  expect(search(bootFile)).toBeUndefined();
});
