import type { BootEntry, BootList } from './boot-list.ts';
import { oneLine } from './boot-list.ts';

/**
 * `pxelinux`: PXELINUX, lpxelinux, syslinux.efi. `u-boot`: its `pxe` command, which reads the same language. `either`: it is
 * not known who asks, and both must understand.
 */
export type SyslinuxDialect = 'pxelinux' | 'u-boot' | 'either';

export type SyslinuxPlace = {
  readonly dialect: SyslinuxDialect;
  /** The loader's folder, which it puts before relative names: empty, or with a slash at its end. */
  readonly folder: string;
  /** menu.c32 and what it needs lie in that folder. */
  readonly hasMenu: boolean;
};

/** SYSLINUX counts to this many tenths of a second (core/elflink/config.h). */
const LONGEST_TIMEOUT = 35_996;

/**
 * The SYSLINUX configuration language (SYSLINUX wiki, "Config"; U-Boot doc/README.pxe).
 *
 * - LINUX, not KERNEL: that goes by the file's extension, and takes `vmlinuz-6.1.0` for a boot sector.
 * - U-Boot (boot/pxe_utils.c) passes over PROMPT and asks whenever there is a MENU TITLE; a keyword that it does not know ends
 *   a label.
 * - Without menu.c32 the menu is a prompt and lines of SAY; U-Boot makes one of MENU LABEL by itself.
 */
export function renderSyslinux({ menu, entries, defaultLabel }: BootList, place: SyslinuxPlace): string {
  const lines = [`DEFAULT ${defaultLabel}`];
  if (menu) {
    const tenths = Math.min(menu.timeoutSeconds * 10, LONGEST_TIMEOUT);
    const program = place.hasMenu && place.dialect !== 'u-boot';
    lines.push(...(program ? ['UI menu.c32', 'PROMPT 0'] : ['PROMPT 1']), `TIMEOUT ${tenths}`);
    lines.push(`MENU TITLE ${oneLine(menu.title)}`);
    if (!program && place.dialect !== 'u-boot') {
      lines.push(`SAY ${oneLine(menu.title)}: type a name`);
      for (const { label, title } of entries) lines.push(`SAY   ${label}  ${oneLine(title)}`);
    }
  } else {
    lines.push('PROMPT 0');
  }
  for (const entry of entries) lines.push('', ...entryLines(entry, place, menu ? defaultLabel : undefined));
  return `${lines.join('\n')}\n`;
}

function entryLines(
  { label, title, profile }: BootEntry,
  place: SyslinuxPlace,
  defaultLabel: string | undefined,
): string[] {
  const lines = [`LABEL ${label}`, `  MENU LABEL ${oneLine(title)}`];
  if (label === defaultLabel) lines.push('  MENU DEFAULT');
  const at = (path: string) => fileName(path, place);
  switch (profile.kind) {
    case 'local':
      // 0 is the BIOS's way and an exit of syslinux.efi; U-Boot runs its localcmd for anything but -1.
      lines.push(place.dialect === 'u-boot' ? '  LOCALBOOT 1' : '  LOCALBOOT 0');
      break;
    case 'loader':
      lines.push(`  ${keywordOf(profile.file, place.dialect)} ${at(profile.file)}`);
      break;
    case 'kernel': {
      const { kernel, initrds, args, fdtdir } = profile;
      lines.push(`  LINUX ${at(kernel)}`);
      // U-Boot would look for a file of that whole name: it takes one.
      const taken = place.dialect === 'u-boot' ? initrds.slice(0, 1) : initrds;
      if (taken.length > 0) lines.push(`  INITRD ${taken.map(at).join(',')}`);
      if (fdtdir !== undefined && place.dialect !== 'pxelinux') lines.push(`  FDTDIR ${at(fdtdir)}`);
      if (oneLine(args) !== '') lines.push(`  APPEND ${oneLine(args)}`);
      break;
    }
  }
  return lines;
}

/**
 * A path of the root as the loader is to write it. Both put their own folder before relative names, so what lies below it
 * needs no more. For other files PXELINUX has `::`; a leading slash would not do (`efi64//vmlinuz`). U-Boot has no way out
 * of its folder, but by a slash where the file comes from a disk (extlinux).
 */
function fileName(path: string, { dialect, folder }: SyslinuxPlace): string {
  const plain = oneLine(path).replace(/^\/+/, '');
  if (folder === '' || plain.startsWith(folder)) return plain.slice(folder.length);
  return dialect === 'u-boot' ? `/${plain}` : `::${plain}`;
}

/** Programs of the ROM's interface must be told apart from kernels; memtest and the like are Linux to a loader. */
function keywordOf(file: string, dialect: SyslinuxDialect): string {
  if (dialect === 'u-boot') return 'KERNEL';
  if (/\.c32$/i.test(file)) return 'COM32';
  return /\.(0|k*pxe|n12|com)$/i.test(file) ? 'PXE' : 'LINUX';
}
