/**
 * What a distribution's installer does to a boot server and to a disk, from the same kernel: an initrd of BusyBox and of
 * drivers, whose /init asks DHCP for an address as an operating system does, writes a system to the first disk, fetches
 * `Kickstart_end` as `pxed.done=tftp|http` of the command line says, prints `PXED-INSTALLED`, and powers off. The system
 * is a second initrd, large enough for the power to fail in.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type BootRoot, kernelPath } from './boot-root.ts';
import { writeDisk } from './machine.ts';
import { must } from './process.ts';
import { command, file, type Need } from './requirement.ts';

const BUSYBOX = '/bin/busybox';
const DRIVERS = ['virtio_pci.ko', 'virtio_net.ko', 'ata_piix.ko', 'sd_mod.ko'];
const SYSTEM_BYTES = 30 * 1024 * 1024;

/** The installer began: its files are all there, and nothing is on the disk. */
export const INSTALLING = /PXED-INSTALLING/;

/** The installer came to its end; what it fetched the done file by: `tftp`, `http`, or `nothing` where it was not to. */
export const INSTALLED = /PXED-INSTALLED by (\S+)\r?\n/;

function modulesFolder(): string {
  return join('/lib/modules', basename(kernelPath() ?? '').replace('vmlinuz-', ''));
}

export const installer: Need = () =>
  file(join(modulesFolder(), 'kernel/drivers/net/virtio_net.ko'), 'linux-image-cloud-amd64')() ??
  file(BUSYBOX, 'busybox-static')() ??
  command('cpio', 'cpio')();

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec > /dev/ttyS0 2>&1
echo PXED-INSTALLING
for driver in virtio_pci virtio_net ata_piix sd_mod; do modprobe $driver; done
tries=0
until [ -e /sys/class/net/eth0 ] && [ -b /dev/sda ] || [ $((tries += 1)) -gt 100 ]; do usleep 100000; done
dd if=/system of=/dev/sda bs=1M conv=fsync
ifconfig eth0 up
udhcpc -i eth0 -n -q -t 10 -T 1 -s /bin/bound
read -r server < /server
how=nothing
for word in $(cat /proc/cmdline); do
  case $word in pxed.done=*) how=\${word#*=} ;; esac
done
case $how in
  tftp) tftp -g -r Kickstart_end -l /done $server || how=failure ;;
  http) wget -O /done http://$server/Kickstart_end || how=failure ;;
esac
echo "PXED-INSTALLED by $how"
poweroff -f
`;

const BOUND = `#!/bin/busybox sh
[ "$1" = bound ] || exit 0
/bin/busybox ifconfig eth0 $ip netmask $subnet
echo $serverid > /server
`;

/** Adds `installer.gz` and `system.img`, the initrds of the installer; gives what a disk begins with when it is done. */
export async function addInstaller(root: BootRoot): Promise<Uint8Array> {
  await packInto(join(root.path, 'installer.gz'), { filter: 'gzip -1', fill: fillInstaller });
  let system: Uint8Array = new Uint8Array();
  await packInto(join(root.path, 'system.img'), {
    filter: 'cat',
    fill: async (tree) => {
      await writeDisk(join(tree, 'system'));
      await appendFile(join(tree, 'system'), randomBytes(SYSTEM_BYTES));
      system = await readFile(join(tree, 'system'));
    },
  });
  return system;
}

/** A disk with room for the system, and nothing on it: no machine starts from it. */
export async function writeEmptyDisk(path: string): Promise<void> {
  await writeFile(path, '');
  await truncate(path, 2 * SYSTEM_BYTES);
}

async function fillInstaller(tree: string): Promise<void> {
  for (const folder of ['bin', 'proc', 'sys', 'dev']) await mkdir(join(tree, folder));
  await copyFile(BUSYBOX, join(tree, 'bin/busybox'));
  await writeFile(join(tree, 'init'), INIT, { mode: 0o755 });
  await writeFile(join(tree, 'bin/bound'), BOUND, { mode: 0o755 });
  const [from, to] = [modulesFolder(), join(tree, modulesFolder())];
  const lines = dependencies(readFileSync(join(from, 'modules.dep'), 'latin1'));
  for (const path of new Set(lines.flatMap(pathsIn))) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
  }
  await writeFile(join(to, 'modules.dep'), `${lines.join('\n')}\n`);
}

/** Lines of modules.dep for {@link DRIVERS} and all they need: `path: path path`, or `path:`. */
function dependencies(text: string): string[] {
  const lines = text.split('\n');
  const wanted = lines.filter((line) => DRIVERS.includes(basename(line.split(':')[0]!)));
  const needed = wanted.flatMap(pathsIn);
  return lines.filter((line) => needed.includes(line.split(':')[0]!));
}

function pathsIn(line: string): string[] {
  return line.split(/[: ]+/).filter((path) => path !== '');
}

type Pack = { filter: string; fill: (tree: string) => Promise<void> };

async function packInto(target: string, { filter, fill }: Pack): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'pxed-initrd-'));
  try {
    await fill(tree);
    await must(['sh', '-c', `find . | cpio --quiet -o -H newc | ${filter} > "${target}"`], { cwd: tree });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
