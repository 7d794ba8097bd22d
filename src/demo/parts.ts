/** What a real machine is made of, where distributions keep it, and which package brings it. */
import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Part = 'qemu' | 'nic-rom' | 'pxelinux' | 'ldlinux' | 'kernel';

/** Paths of the parts that are here. */
export type Parts = { readonly [part in Part]?: string };

/** Everything a real machine needs. */
export type RealParts = { readonly [part in Part]: string };

export type Distribution = 'debian' | 'ubuntu' | 'fedora';

const EMULATOR = 'qemu-system-x86_64';

/** The ROM is QEMU's default one for a virtio card, so QEMU finds it itself; it holds BIOS and UEFI images. */
const PLACES: { readonly [part in Exclude<Part, 'qemu' | 'kernel'>]: readonly string[] } = {
  'nic-rom': [
    '/usr/lib/ipxe/qemu/efi-virtio.rom', // Debian, Ubuntu: ipxe-qemu
    '/usr/share/ipxe/qemu/efi-virtio.rom', // Fedora: ipxe-roms-qemu
    '/usr/share/ipxe.efi/1af41000.rom', // Fedora before 38
    '/usr/share/qemu/efi-virtio.rom', // QEMU's own, other distributions
  ],
  pxelinux: [
    '/usr/lib/PXELINUX/pxelinux.0', // Debian, Ubuntu: pxelinux
    '/usr/share/syslinux/pxelinux.0', // Fedora: syslinux-nonlinux
    '/usr/lib/syslinux/bios/pxelinux.0', // Arch: syslinux
  ],
  ldlinux: [
    '/usr/lib/syslinux/modules/bios/ldlinux.c32',
    '/usr/share/syslinux/ldlinux.c32',
    '/usr/lib/syslinux/bios/ldlinux.c32',
  ],
};

const PACKAGES: { readonly [distribution in Distribution]: { readonly [part in Part]: string } } = {
  debian: {
    qemu: 'qemu-system-x86',
    'nic-rom': 'ipxe-qemu',
    pxelinux: 'pxelinux',
    ldlinux: 'syslinux-common',
    kernel: 'linux-image-cloud-amd64',
  },
  ubuntu: {
    qemu: 'qemu-system-x86',
    'nic-rom': 'ipxe-qemu',
    pxelinux: 'pxelinux',
    ldlinux: 'syslinux-common',
    kernel: 'linux-image-virtual',
  },
  fedora: {
    qemu: 'qemu-system-x86-core',
    'nic-rom': 'ipxe-roms-qemu',
    pxelinux: 'syslinux-nonlinux',
    ldlinux: 'syslinux-nonlinux',
    kernel: 'kernel-core',
  },
};

/** Looks for every part; `unreadableKernel` is a kernel that only root may read (Ubuntu keeps it so). */
export function findParts(): { readonly parts: Parts; readonly unreadableKernel?: string } {
  const kernels = kernelPaths();
  const readable = kernels.filter(isReadable).find(isX86Kernel);
  const unreadable = kernels.find((path) => !isReadable(path));
  const found: { [part in Part]?: string } = {};
  for (const part of ['nic-rom', 'pxelinux', 'ldlinux'] as const) {
    const path = PLACES[part].find(isReadable);
    if (path !== undefined) found[part] = path;
  }
  const qemu = findProgram(EMULATOR);
  if (qemu !== undefined) found.qemu = qemu;
  if (readable !== undefined) found.kernel = readable;
  return {
    parts: found,
    ...(readable === undefined && unreadable !== undefined && { unreadableKernel: unreadable }),
  };
}

/** Which parts are not here. */
export function missingParts(parts: Parts): Part[] {
  return (['qemu', 'nic-rom', 'pxelinux', 'ldlinux', 'kernel'] as const).filter((part) => !(part in parts));
}

export function isComplete(parts: Parts): parts is RealParts {
  return missingParts(parts).length === 0;
}

/** Package names for `parts`, each once. */
export function packagesFor(parts: readonly Part[], distribution: Distribution): string[] {
  return [...new Set(parts.map((part) => PACKAGES[distribution][part]))];
}

/** From os-release(5): the distribution or one it says it is like; undefined for others. */
export function distributionOf(osRelease: string): Distribution | undefined {
  const fields = new Map(
    [...osRelease.matchAll(/^(\w+)=["']?(.*?)["']?$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
  const names = `${fields.get('ID') ?? ''} ${fields.get('ID_LIKE') ?? ''}`.split(/\s+/);
  return (['ubuntu', 'debian', 'fedora'] as const).find((name) => names.includes(name));
}

/** The distribution of this machine. */
export function thisDistribution(): Distribution | undefined {
  try {
    return distributionOf(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return undefined;
  }
}

/** Path of a program in PATH, or in the folders for the administrator that a user's PATH leaves out. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/libexec'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => isAllowed(path, constants.X_OK));
}

/** Newest first, by name; Fedora has them in /lib/modules as well, readable by all. */
function kernelPaths(): string[] {
  const inBoot = namesIn('/boot').filter((name) => name.startsWith('vmlinuz'));
  const byVersion = (a: string, b: string) => b.localeCompare(a, 'en', { numeric: true });
  return [
    ...inBoot.sort(byVersion).map((name) => join('/boot', name)),
    ...namesIn('/lib/modules')
      .sort(byVersion)
      .map((version) => join('/lib/modules', version, 'vmlinuz'))
      .filter((path) => isAllowed(path, constants.F_OK)),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** "HdrS" at 0x202: the boot protocol header of an x86 kernel (Documentation/arch/x86/boot.rst). */
function isX86Kernel(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    readSync(fd, magic, 0, 4, 0x202);
    return magic.toString('latin1') === 'HdrS';
  } finally {
    closeSync(fd);
  }
}

function isReadable(path: string): boolean {
  return isAllowed(path, constants.R_OK);
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
