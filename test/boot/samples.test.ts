import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { BOOTED, type BootRoot, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { biosRom, DISK_STARTED, type Machine, powerOn, qemu, writeDisk } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { PROJECT } from '../rig/server.ts';
import { type Site, useSite } from '../rig/site.ts';

const MEMTEST = '/boot/memtest86+x64.bin';
const NEEDS = [namespaces, tun, qemu, biosRom, linux, loader('pxelinux')].concat([
  file(MEMTEST, 'memtest86+'),
  command('tcpdump', 'tcpdump'),
]);
const BOOT_MS = 120_000;
/** Ours is 192.168.0.11, the address of the HOWTO's link C0A8000B; the other has no link. */
const LINKED = '52:54:00:a7:01:0b';
const OTHER = '52:54:00:a7:01:0c';

function sample(name: string): string {
  return join(PROJECT, 'pxelinux-samples', name);
}

/** What the README says to add: the kernel and the initrd under the names that the tree uses. */
async function addKernel(root: BootRoot, kernel: string, initrd: string): Promise<void> {
  await root.add(kernel, join(root.path, 'vmlinuz'));
  await root.add(initrd, join(root.path, 'initrd.gz'));
}

ring('pxelinux-samples', NEEDS, () => {
  const site = useSite({
    address: '192.168.0.1/24',
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    hosts: { [LINKED]: '192.168.0.11', [OTHER]: '192.168.0.12' },
    prepare: (root) => root.install('pxelinux'),
  });
  const machines: Machine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
    await site().root.remove('pxelinux.cfg');
  });

  async function powerOnAt({ lab }: Site, mac: string): Promise<Machine> {
    const disk = join(lab.folder, `${mac.replaceAll(':', '')}.img`);
    await writeDisk(disk);
    const machine = await powerOn(lab, { name: 'sample', mac, firmware: 'bios', disk });
    machines.push(machine);
    return machine;
  }

  /** The kernel's command line. */
  async function booted(machine: Machine): Promise<string> {
    return (await machine.waitFor(BOOTED, BOOT_MS)).match[1]!;
  }

  describe('per-client', () => {
    test('the link C0A8000B boots 192.168.0.11 from the network', async () => {
      await site().root.overlay(sample('per-client'));
      await addKernel(site().root, 'vmlinuz-7.2', 'initrd-7.2.img');
      const told = await booted(await powerOnAt(site(), LINKED));
      expect(told).toContain('BOOT_IMAGE=vmlinuz-7.2');
      expect(told).toContain('nfsroot=192.168.0.1:/srv/nfs/netboot-7.2');
    });

    test('a machine without a link starts from its disk', async () => {
      await site().root.overlay(sample('per-client'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(DISK_STARTED, BOOT_MS);
    });
  });

  describe('local-boot', () => {
    test('starts from disk when nobody types', async () => {
      await site().root.overlay(sample('local-boot'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(/Starting from the local disk; type rescue/, BOOT_MS);
      await machine.waitFor(DISK_STARTED, BOOT_MS);
    });

    test('boots the rescue system when it is typed', async () => {
      await site().root.overlay(sample('local-boot'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(/boot: /, BOOT_MS);
      machine.type('rescue\r');
      expect(await booted(machine)).toContain('systemd.unit=rescue.target');
    });
  });

  describe('menu', () => {
    test('shows the menu and boots what is chosen', async () => {
      await site().root.overlay(sample('menu'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(/Automatic boot in/, BOOT_MS);
      machine.type('r'); // its hot key moves the bar
      machine.type('\r');
      expect(await booted(machine)).toContain('systemd.unit=rescue.target');
    });
  });

  describe('install', () => {
    test.each([
      {
        link: 'default.install-fedora',
        kernel: 'fedora/vmlinuz',
        initrd: 'fedora/initrd.img',
        told: 'inst.ks=',
      },
      {
        link: 'default.install-debian',
        kernel: 'debian/linux',
        initrd: 'debian/initrd.gz',
        told: 'preseed.cfg',
      },
    ])('a link to $link boots that installer', async ({ link, kernel, initrd, told }) => {
      await site().root.overlay(sample('install'));
      await addKernel(site().root, kernel, initrd);
      await site().root.link('pxelinux.cfg/C0A8000B', link);
      const line = await booted(await powerOnAt(site(), LINKED));
      expect(line).toContain(`BOOT_IMAGE=${kernel}`);
      expect(line).toContain(told);
      expect(line).toContain('BOOTIF=01-52-54-00-a7-01-0b');
    });

    test('a machine that is not to be installed starts from its disk', async () => {
      await site().root.overlay(sample('install'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(DISK_STARTED, BOOT_MS);
    });
  });

  describe('memtest', () => {
    test('runs Memtest86+', async () => {
      await site().root.overlay(sample('memtest'));
      await site().root.add('memtest86+x64.bin', MEMTEST);
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(/Memtest86\+/, BOOT_MS);
    });
  });

  describe('serial', () => {
    test('loader and kernel both speak on the serial port', async () => {
      await site().root.overlay(sample('serial'));
      const machine = await powerOnAt(site(), OTHER);
      await machine.waitFor(/Serial console ready/, BOOT_MS);
      await machine.waitFor(/Linux version \d/, BOOT_MS);
      expect(await booted(machine)).toContain('console=ttyS0,115200n8');
    });
  });
});
