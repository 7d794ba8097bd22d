import type { Arch } from './arch-table.ts';
import { folderOf, grubLookups, type LookupClient, pxelinuxLookups, uBootLookups } from './lookups.ts';
import { isIpxeBinary, isUrl } from './policy.ts';
import { SECOND_STAGES } from './tree-rules-table.ts';

/** A loader that looks for a configuration, or iPXE's script, which is one. */
export type LoaderKind = 'pxelinux' | 'grub' | 'u-boot' | 'ipxe' | 'script';

export type LoaderSearch = {
  readonly loader: LoaderKind;
  /** Files of the tree that it asks for, in order, until one exists. */
  readonly names: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
};

/** What the loader knows when it begins to look. */
export type SearchClient = LookupClient & {
  /** Of the firmware. */
  readonly arch?: Arch | undefined;
  /** It speaks as U-Boot. */
  readonly isUBoot: boolean;
  /** Options 210 and 209 of the reply. */
  readonly prefix?: string | undefined;
  readonly configFile?: string | undefined;
  /** The GRUB that is started, where it can be looked into. */
  readonly grubImage?: Uint8Array | undefined;
};

/** Which configurations the boot file asks for; undefined for a program of which nothing is known, and for URLs. */
export function searchOf(client: SearchClient): LoaderSearch | undefined {
  const { bootFile, isUBoot } = client;
  const base = baseOf(bootFile);
  if (isUBoot) return uBootSearch(client);
  if (isIpxeBinary(bootFile)) return ipxeSearch(client);
  if (/\.ipxe$/.test(base)) return { loader: 'script', names: [pathOf(bootFile)], notes: [] };
  if (/^[gl]?pxelinux\.0$/.test(base) || /^syslinux[^/]*\.efi$/.test(base)) return pxelinuxSearch(client);
  if (isGrub(base) || isShim(base)) return grubSearch(client, isShim(base));
  return undefined;
}

function isGrub(base: string): boolean {
  return /^(grub[^/]*\.efi(\.signed)?|core\.(efi|0))$/.test(base);
}

function isShim(base: string): boolean {
  return /^(shim[^/]*|bootnet[^/]*)\.efi(\.signed)?$/.test(base);
}

/** It runs no boot file of others: `pxe get` takes the folder of that alone. */
function uBootSearch(client: SearchClient): LoaderSearch {
  const { configFile } = client;
  const names = uBootLookups(client, configFile === undefined ? {} : { configFile });
  return { loader: 'u-boot', names: names.map(pathOf), notes: ['its build may add names before default'] };
}

/** syslinux takes no UUID whose version nibble is 0 or 15 for one (core/fs/pxe/pxe.c). */
function pxelinuxSearch(client: SearchClient): LoaderSearch {
  const { prefix, configFile, uuid, ...known } = client;
  const hasUuid = uuid !== undefined && !/^.{14}[0f]/i.test(uuid);
  const names = pxelinuxLookups(
    { ...known, ...(hasUuid && { uuid }) },
    { ...(prefix !== undefined && { prefix }), ...(configFile !== undefined && { configFile }) },
  );
  return { loader: 'pxelinux', names: names.map(pathOf), notes: [] };
}

/** The image of GRUB that a boot file leads to: itself, or the second stage beside shim. */
export function grubImageOf(bootFile: string, arch: Arch | undefined): string | undefined {
  const base = baseOf(bootFile);
  if (isGrub(base)) return pathOf(bootFile);
  const second = arch && SECOND_STAGES[arch.cpu];
  return isShim(base) && second !== undefined ? pathOf(folderOf(bootFile) + second) : undefined;
}

/**
 * Its folder is built in: /grub in Debian's signed images, the one above core.efi with grub-mknetdir; else its own. Those of
 * Debian have a configuration built in, too, that reads grub.cfg there and looks for nothing else.
 */
function grubSearch(client: SearchClient, shim: boolean): LoaderSearch {
  const { bootFile, arch, grubImage } = client;
  const own = folderOf(bootFile);
  const second = shim ? grubImageOf(bootFile, arch) : undefined;
  const first = second === undefined ? [] : [`shim asks for ${second} first`];
  const text = grubImage && new TextDecoder('latin1').decode(grubImage);
  if (text?.includes('source $prefix/grub.cfg')) {
    const names = ['grub/grub.cfg', ...(text.includes('source $cmdpath/grub.cfg') ? [`${own}grub.cfg`] : [])];
    const note = 'this GRUB has a configuration built in that reads grub.cfg alone (Debian’s have)';
    return { loader: 'grub', names: [...new Set(names.map(pathOf))], notes: [...first, note] };
  }
  const made = /^core\.(efi|0)$/.test(baseOf(bootFile));
  const folders = made ? [folderOf(own.replace(/\/$/, ''))] : ['grub/', own];
  const names = [...new Set(folders)].flatMap((prefix) => grubLookups(client, { prefix }));
  const note = 'GRUB looks in the folder that is built into it: /grub, or its own';
  return { loader: 'grub', names: names.map(pathOf), notes: [...first, ...(made ? [] : [note])] };
}

/** iPXE for UEFI first asks for autoexec.ipxe, where it came from. */
function ipxeSearch({ bootFile, arch }: SearchClient): LoaderSearch {
  const names = arch?.firmware === 'efi' ? [pathOf(`${folderOf(bootFile)}autoexec.ipxe`)] : [];
  const notes = ['then it asks again by DHCP, as iPXE: --stage ipxe tells what it gets'];
  return { loader: 'ipxe', names, notes };
}

/** In lower case, without folders and without what follows the path of a URL. */
function baseOf(file: string): string {
  const path = pathOf(file);
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

/** A path or a URL of ours as a path of the tree. */
function pathOf(name: string): string {
  const path = isUrl(name) ? name.replace(/^[a-z0-9+.-]+:\/\/[^/]*/i, '').replace(/[?#].*$/, '') : name;
  return path.replace(/^\/+/, '').replace(/\/{2,}/g, '/');
}
