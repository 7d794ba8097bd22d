import { hexIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';

/** What a loader knows about its machine when it looks for its configuration. */
export type LookupClient = {
  readonly mac: Mac;
  readonly ip: Ipv4;
  /** Option 97 in wire order, lower case with dashes; absent when the loader does not see one. */
  readonly uuid?: string;
  /** Path of the loader itself: its folder is the prefix of all names. */
  readonly bootFile: string;
};

/** `efi/x/` for `efi/x/loader`; empty at the root. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** `01-52-54-00-12-34-56`: ARP type 1 and the MAC, as loaders write it. */
export function macFileName(mac: Mac): string {
  return `01-${mac.replaceAll(':', '-')}`;
}

/** `C0A8025B`, `C0A8025` … `C`: upper case, one digit less each time. */
export function ipFileNames(ip: Ipv4): readonly string[] {
  const hex = hexIpv4(ip);
  return Array.from({ length: 8 }, (_, cut) => hex.slice(0, 8 - cut));
}

/**
 * Files that PXELINUX, lpxelinux and syslinux.efi ask for, in order, until one exists (syslinux core/fs/pxe).
 * `prefix` is option 210, `configFile` option 209, relative to it.
 *
 * ```ts
 * pxelinuxLookups({ mac: '88:99:aa:bb:cc:dd', ip: 0xc0a8025b, bootFile: 'pxelinux.0' })[1];
 * // 'pxelinux.cfg/C0A8025B'
 * ```
 */
export function pxelinuxLookups(
  client: LookupClient,
  options: { readonly prefix?: string; readonly configFile?: string } = {},
): readonly string[] {
  const prefix = options.prefix ?? folderOf(client.bootFile);
  const names = [
    ...(client.uuid === undefined ? [] : [client.uuid]),
    macFileName(client.mac),
    ...ipFileNames(client.ip),
    'default',
  ];
  const first = options.configFile === undefined ? [] : [prefix + options.configFile];
  return [...first, ...names.map((name) => `${prefix}pxelinux.cfg/${name}`)];
}

/**
 * Files that GRUB asks for, in order, below `prefix` (default: the folder of the boot file; Debian's signed images
 * have `/grub` built in). `uuid` counts only when the server's reply echoed option 97 (grub-core/net/net.c).
 */
export function grubLookups(
  client: LookupClient,
  options: { readonly prefix?: string } = {},
): readonly string[] {
  const given = options.prefix ?? folderOf(client.bootFile);
  const prefix = given === '' || given.endsWith('/') ? given : `${given}/`;
  const suffixes = [
    ...(client.uuid === undefined ? [] : [`-${client.uuid}`]),
    `-${macFileName(client.mac)}`,
    ...ipFileNames(client.ip).map((name) => `-${name}`),
    '',
  ];
  return suffixes.map((suffix) => `${prefix}grub.cfg${suffix}`);
}

/**
 * Files that U-Boot's `pxe get` asks for, in order. `configFile` (option 209) is the only one when given. `board` are
 * its build's names, outermost first: `{ arch: 'arm', soc: 'sunxi', board: 'sunxi' }`.
 */
export function uBootLookups(
  client: LookupClient,
  options: {
    readonly configFile?: string;
    readonly board?: { readonly arch: string; readonly soc?: string; readonly board?: string };
  } = {},
): readonly string[] {
  if (options.configFile !== undefined) return [options.configFile];
  const { arch, soc, board } = options.board ?? { arch: undefined };
  const parts = [arch, soc, board];
  const known = parts.slice(0, parts.indexOf(undefined) === -1 ? 3 : parts.indexOf(undefined));
  const defaults = known.map((_, cut) => ['default', ...known.slice(0, known.length - cut)].join('-'));
  const names = [
    ...(client.uuid === undefined ? [] : [client.uuid]),
    macFileName(client.mac),
    ...ipFileNames(client.ip),
    ...defaults,
    'default',
  ];
  return names.map((name) => `${folderOf(client.bootFile)}pxelinux.cfg/${name}`);
}
