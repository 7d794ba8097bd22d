import { describe, expect, test } from 'vitest';
import { type ArchOverride, overrideArch } from '../../src/boot/arch-override.ts';
import { archOf } from '../../src/boot/arch-table.ts';
import type { BootClient } from '../../src/boot/client.ts';
import { DEFAULT_SETTINGS } from '../../src/dhcp/settings.ts';
import { createWorld, discover, PXE_UEFI, received, selecting } from '../dhcp/world.ts';

const MAC = '52:54:00:ec:33:81';
const UUID = { smbios: '7726a678-7fc0-4853-a4f6-c85ac36a120a', wire: '78a62677-c07f-5348-a4f6-c85ac36a120a' };
const CLIENT: BootClient = {
  kind: 'pxe',
  stage: 'rom',
  netboot: true,
  archs: [archOf(0)],
  vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
  uuid: UUID,
};

describe('overrideArch()', () => {
  test.each<{ name: string; override: ArchOverride; want: number }>([
    { name: 'the maker’s octets of the MAC', override: { mac: '52:54:00', arch: 7 }, want: 7 },
    { name: 'a whole MAC', override: { mac: MAC, arch: 7 }, want: 7 },
    { name: 'another maker', override: { mac: '52:54:01', arch: 7 }, want: 0 },
    { name: 'half an octet is no octet', override: { mac: '52:54:0', arch: 7 }, want: 0 },
    { name: 'the start of option 60', override: { vendorClass: 'PXEClient:Arch:00000', arch: 7 }, want: 7 },
    { name: 'another option 60', override: { vendorClass: 'HTTPClient', arch: 7 }, want: 0 },
    { name: 'the UUID as dmidecode has it', override: { uuid: UUID.smbios, arch: 11 }, want: 11 },
    { name: 'the UUID as it is on the wire', override: { uuid: UUID.wire, arch: 11 }, want: 11 },
    {
      name: 'all that is given must match',
      override: { mac: '52:54:00', vendorClass: 'HTTPClient', arch: 7 },
      want: 0,
    },
    { name: 'one that names nobody', override: { arch: 7 }, want: 0 },
  ])('$name: $want', ({ override, want }) => {
    expect(overrideArch(CLIENT, MAC, [override]).archs.map(({ code }) => code)).toEqual([want]);
  });

  test('the first that matches holds, and the kind of client stays', () => {
    const list = [
      { mac: '52:54:01', arch: 6 },
      { mac: '52:54:00', arch: 7 },
      { mac: MAC, arch: 11 },
    ];
    expect(overrideArch(CLIENT, MAC, list)).toEqual({ ...CLIENT, archs: [archOf(7)] });
  });

  test('a client without option 60 and 97 is matched by its MAC alone', () => {
    const bare: BootClient = { kind: 'other', stage: 'loader', netboot: false, archs: [] };
    expect(overrideArch(bare, MAC, [{ vendorClass: 'PXE', arch: 7 }]).archs).toEqual([]);
    expect(overrideArch(bare, MAC, [{ uuid: UUID.wire, arch: 7 }]).archs).toEqual([]);
    expect(overrideArch(bare, MAC, [{ mac: MAC, arch: 7 }]).archs).toEqual([archOf(7)]);
  });
});

test('openTurn() a machine that says BIOS and is UEFI gets the loader it can run, and is remembered as that', () => {
  const boot = { ...DEFAULT_SETTINGS.boot, archOverrides: [{ mac: '52:54:00', arch: 11 }] };
  const world = createWorld({ settings: { boot }, files: ['pxelinux.0', 'bootx64.efi', 'bootaa64.efi'] });
  const offer = received(world.send(discover({ with: PXE_UEFI })));
  expect(offer.file).toBe('bootaa64.efi');
  received(world.send(selecting(offer.yiaddr, { with: PXE_UEFI })));
  expect(world.leases.machine(MAC)?.arch).toBe('ARM64_EFI');
});
