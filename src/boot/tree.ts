/** What was found of a boot tree, and what is to be said of it. Plain data; paths are relative to the root. */
import { nearNames } from '../lib/near.ts';
import { folderOf } from './lookups.ts';

/** A file that rules are about: a program that machines boot, or a configuration. */
export type TreeFile = {
  readonly path: string;
  readonly size: number;
  /** Its first octets; all of a configuration. Absent when it could not be read. */
  readonly head?: Uint8Array;
  /** It is shim, by its contents. */
  readonly shim?: true;
};

/** A symbolic link that no client can be served through. */
export type TreeLink = {
  readonly path: string;
  /** As it is written. */
  readonly target: string;
  readonly why: 'dangling' | 'outside';
};

export type TreeFacts = {
  readonly files: readonly TreeFile[];
  readonly links: readonly TreeLink[];
  /** Files and folders that pxed's user cannot read. */
  readonly unreadable: readonly string[];
  /** Every name that was seen, for "did you mean". */
  readonly names: readonly string[];
  /** Links to folders of the root: what lies there has further names, which were not looked at. */
  readonly folderLinks: readonly string[];
  /** False: the tree is larger than what was looked at. */
  readonly complete: boolean;
};

export type TreeProblem =
  | 'missing-companion'
  | 'missing-file'
  | 'missing-library'
  | 'wrong-module'
  | 'dangling-link'
  | 'outside-link'
  | 'unreadable'
  | 'no-script'
  | 'no-config'
  | 'wrong-cpu'
  | 'not-efi'
  | 'empty-loader'
  | 'large-tree';

/** `problem`: some machine will stop there. `note`: worth a look. */
export type TreeFinding = {
  readonly severity: 'problem' | 'note';
  readonly problem: TreeProblem;
  /** What it is about; with a line where there is one: `pxelinux.cfg/default:7`. */
  readonly path: string;
  readonly detail: string;
  readonly fix: string;
};

/** `bootx64.efi` of `EFI/BOOT/BOOTX64.EFI`: as the tables of names have it. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase();
}

/** Enough to find a mistyped name among, and looked for so often: it takes time. */
const SIBLINGS_MOST = 500;
const HINTS_MOST = 20;

/** Finds the name beside a path that was meant by it: `near('a/vmlinux')` is `vmlinuz`. After some it finds no more. */
export function createNear(names: readonly string[]): (path: string) => string | undefined {
  let hints = 0;
  let folders: Map<string, string[]> | undefined;
  return (path) => {
    if (++hints > HINTS_MOST) return undefined;
    folders ??= byFolder(names);
    const folder = folderOf(path);
    return nearNames(path.slice(folder.length), folders.get(folder) ?? [], 1)[0];
  };
}

function byFolder(names: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const name of names) {
    const folder = folderOf(name);
    const siblings = folders.get(folder);
    if (!siblings) folders.set(folder, [name.slice(folder.length)]);
    else if (siblings.length < SIBLINGS_MOST) siblings.push(name.slice(folder.length));
  }
  return folders;
}

/** The language of a configuration, by the name that its loader asks for; undefined for other files. */
export function configLanguage(path: string): 'syslinux' | 'grub' | 'ipxe' | undefined {
  if (/\.(png|jpe?g|c32|bak|orig|rpmsave|rpmnew|dpkg-\w+|md)$|~$/i.test(path)) return undefined;
  if (/(^|\/)pxelinux\.cfg\/[^/]+$/i.test(path)) return 'syslinux';
  if (/(^|\/)grub\.cfg(-[0-9a-f:-]+)?$/i.test(path)) return 'grub';
  return /\.ipxe$/i.test(path) ? 'ipxe' : undefined;
}
