/**
 * A boot root made on the fly from the loaders and the kernel that Debian's packages installed, and an initrd of
 * BusyBox alone whose /init prints `PXED-BOOTED <kernel command line>` on
 * the first serial port, whatever console the command line names, and powers off.
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { must } from './process.ts';
import { command, file, type Need } from './requirement.ts';

const BIOS_MODULES = '/usr/lib/syslinux/modules/bios';
const EFI64_MODULES = '/usr/lib/syslinux/modules/efi64';
const BUSYBOX = '/bin/busybox';

/** The line that proves a boot; the rest of it is the kernel's command line. */
export const BOOTED = /PXED-BOOTED (.*?)\r?\n/;

/** The newest kernel of Debian's cloud flavour: small, and its serial console is built in. */
export function kernelPath(): string | undefined {
  const names = existsSync('/boot') ? readdirSync('/boot') : [];
  const newest = names
    .filter((name) => /^vmlinuz-.*-cloud-amd64$/.test(name))
    .sort((a, b) => (a < b ? 1 : -1))[0];
  return newest === undefined ? undefined : join('/boot', newest);
}

export const linux: Need = () =>
  kernelPath() === undefined
    ? 'no /boot/vmlinuz-*-cloud-amd64 (Debian package linux-image-cloud-amd64)'
    : (file(BUSYBOX, 'busybox-static')() ?? command('cpio', 'cpio')());

/** What each family of loaders is made of: tree path -> installed file. */
const LOADERS = {
  pxelinux: {
    'pxelinux.0': '/usr/lib/PXELINUX/pxelinux.0',
    'ldlinux.c32': join(BIOS_MODULES, 'ldlinux.c32'),
    'libutil.c32': join(BIOS_MODULES, 'libutil.c32'),
    'libcom32.c32': join(BIOS_MODULES, 'libcom32.c32'),
    'menu.c32': join(BIOS_MODULES, 'menu.c32'),
  },
  syslinuxEfi: {
    'syslinux.efi': '/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi',
    'ldlinux.e64': join(EFI64_MODULES, 'ldlinux.e64'),
  },
  grub: {
    'grubnetx64.efi': '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
  },
} as const;

export type LoaderFamily = keyof typeof LOADERS;

const PACKAGES: Record<LoaderFamily, string> = {
  pxelinux: 'pxelinux and syslinux-common',
  syslinuxEfi: 'syslinux-efi and syslinux-common',
  grub: 'grub-efi-amd64-signed',
};

/** Every file of the family is installed. */
export function loader(family: LoaderFamily): Need {
  return () =>
    Object.values(LOADERS[family])
      .map((path) => file(path, PACKAGES[family])())
      .find((why) => why !== undefined);
}

const initFor = (serial: string) => `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
echo "PXED-BOOTED $(/bin/busybox cat /proc/cmdline)" > /dev/${serial}
/bin/busybox poweroff -f
`;

/** Writes an initrd of the machine's BusyBox, which has to be a static one. `serial` is its first serial port. */
export async function makeInitrd(
  target: string,
  { busybox, serial }: { busybox: string; serial: string },
): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'pxed-initrd-'));
  try {
    await mkdir(join(tree, 'bin'));
    await mkdir(join(tree, 'proc'));
    await mkdir(join(tree, 'dev'));
    await copyFile(busybox, join(tree, 'bin/busybox'));
    await chmod(join(tree, 'bin/busybox'), 0o755);
    await writeFile(join(tree, 'init'), initFor(serial), { mode: 0o755 });
    await must(['sh', '-c', `find . | cpio --quiet -o -H newc | gzip -1 > "${target}"`], { cwd: tree });
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

export type BootRoot = {
  readonly path: string;
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** A symbolic link inside the tree; `target` is as written in the link. */
  link(name: string, target: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Copies a family's files to the top of the tree. */
  install(family: LoaderFamily): Promise<void>;
  /** Copies a whole tree over this one, links as links. */
  overlay(source: string): Promise<void>;
  /** Adds an installed file under a name of the tree. */
  add(name: string, source: string): Promise<void>;
  delete(): Promise<void>;
};

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    if (entry.isFile()) await chmod(path, 0o644);
  }
}

/** A tree with nothing in it, readable for a server that has dropped its privileges. */
export async function createEmptyRoot(): Promise<BootRoot> {
  const path = await mkdtemp(join(tmpdir(), 'pxed-root-'));
  await chmod(path, 0o755);
  async function place(name: string): Promise<string> {
    const target = join(path, name);
    await mkdir(dirname(target), { recursive: true });
    return target;
  }
  async function add(name: string, source: string): Promise<void> {
    const target = await place(name);
    await copyFile(source, target);
    await chmod(target, 0o644);
  }
  return {
    path,
    add,
    write: async (name, content) => writeFile(await place(name), content),
    link: async (name, target) => symlink(target, await place(name)),
    remove: (name) => rm(join(path, name), { recursive: true, force: true }),
    install: async (family) => {
      for (const [name, source] of Object.entries(LOADERS[family])) await add(name, source);
    },
    overlay: async (source) => {
      await cp(source, path, { recursive: true, verbatimSymlinks: true });
      await makeReadable(path);
    },
    delete: () => rm(path, { recursive: true, force: true }),
  };
}

/** A tree with `vmlinuz` and `initrd.gz`; loaders and configurations are the test's to add. */
export async function createBootRoot(): Promise<BootRoot> {
  const boot = await createEmptyRoot();
  const kernel = kernelPath();
  if (kernel === undefined) throw new Error(`Cannot make a boot root: ${linux() ?? ''}`);
  await boot.add('vmlinuz', kernel);
  await makeInitrd(join(boot.path, 'initrd.gz'), { busybox: BUSYBOX, serial: 'ttyS0' });
  return boot;
}

/** A pxelinux.cfg file that boots Linux with `pxed.config=<marker>` on its command line. */
export function pxelinuxConfig(marker: string): string {
  return [
    'DEFAULT linux',
    'PROMPT 0',
    'LABEL linux',
    '  KERNEL vmlinuz',
    '  INITRD initrd.gz',
    `  APPEND console=ttyS0 quiet panic=-1 pxed.config=${marker}`,
    '  IPAPPEND 3',
    '',
  ].join('\n');
}

/** The same for GRUB. */
export function grubConfig(marker: string): string {
  return `linux /vmlinuz console=ttyS0 quiet panic=-1 pxed.config=${marker}\ninitrd /initrd.gz\nboot\n`;
}

/** The same for iPXE, whose script knows the client's address. */
export function ipxeScript(marker: string): string {
  return [
    '#!ipxe',
    `kernel vmlinuz console=ttyS0 quiet panic=-1 pxed.config=${marker} ip=\${net0/ip} initrd=initrd.gz`,
    'initrd initrd.gz',
    'boot',
    '',
  ].join('\n');
}
