import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import {
  biosRom,
  DISK_STARTED,
  type Machine,
  type MachineSpec,
  ovmf,
  powerOn,
  qemu,
  writeDisk,
} from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { type Site, useSite } from '../rig/site.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux')].concat([
  loader('syslinuxEfi'),
  loader('grub'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const DISK = { mac: '52:54:00:a9:00:01', firmware: 'bios' } as const;

const CONFIG = `
profiles:
  linux:
    title: A system
    kernel: vmlinuz
    initrd: initrd.gz
    args: console=ttyS0 quiet panic=-1 pxed.config=menu
  other: { kernel: nothing }
  choice:
    title: What now?
    menu: [other, local, { profile: linux, title: "Linux, it's here" }]
    default: linux
    timeout: 2
profile: choice
hosts:
  - { mac: '${DISK.mac}', profile: local }
`;

/** A menu that nobody touches takes its default; `local` starts the disk. */
function useMachines(site: () => Site) {
  const machines: Machine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
  });
  return async function boot(spec: MachineSpec, until = BOOTED): Promise<Machine> {
    const machine = await powerOn(site().lab, spec);
    machines.push(machine);
    const { seconds } = await machine.waitFor(until, BOOT_MS);
    console.log(`${spec.name} (${spec.firmware}): after ${seconds.toFixed(1)} s`);
    return machine;
  };
}

async function diskOf({ lab }: Site): Promise<string> {
  const disk = join(lab.folder, 'disk.img');
  await writeDisk(disk);
  return disk;
}

ring('a menu of profiles, and the local disk, through PXELINUX and syslinux.efi', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    // QEMU's ROM is iPXE, which would get a script of its own.
    config: `boot: { ipxe: pxelinux.0, arch: { 7: syslinux.efi } }\n${CONFIG}`,
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.install('syslinuxEfi');
    },
  });
  const boot = useMachines(site);

  test('menu.c32 shows it (BIOS)', async () => {
    const machine = await boot({ name: 'menu', mac: '52:54:00:a9:00:02', firmware: 'bios' });
    expect(machine.console()).toContain('Linux, it');
  });

  test('without menu.c32 PXELINUX asks at its prompt', async () => {
    await site().root.remove('menu.c32');
    const machine = await boot({ name: 'prompt', mac: '52:54:00:a9:00:03', firmware: 'bios' });
    expect(machine.console()).toContain('What now?: type a name');
  });

  // Now and then syslinux.efi 6.04 dies with all files loaded, whatever its configuration ("efi_stub_entry() failed").
  test('syslinux.efi does beside the menu.c32 of BIOS', { retry: 1 }, async () => {
    await site().root.install('pxelinux');
    await boot({ name: 'efi', mac: '52:54:00:a9:00:04', firmware: 'uefi' });
  });

  test('PXELINUX starts the local disk', async () => {
    await boot({ ...DISK, name: 'disk', disk: await diskOf(site()) }, DISK_STARTED);
  });
});

ring('a menu of profiles, and the local disk, through GRUB and iPXE', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    config: `boot: { arch: { 7: grubnetx64.efi } }\n${CONFIG}`,
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.install('grub');
    },
  });
  const boot = useMachines(site);

  test('GRUB takes the default', async () => {
    await boot({ name: 'grub', mac: '52:54:00:a9:00:05', firmware: 'uefi' });
  });

  test('iPXE takes the default', async () => {
    await boot({ name: 'ipxe', mac: '52:54:00:a9:00:06', firmware: 'bios' });
  });

  test('iPXE starts the local disk', async () => {
    await boot({ ...DISK, name: 'disk', disk: await diskOf(site()) }, DISK_STARTED);
  });
});
