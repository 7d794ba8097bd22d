import type { Decoded } from '../lib/result.ts';
import { ok, rejected } from '../lib/result.ts';

/** A name of the wire as a path of the served tree. */
export type TreePath = {
  /** Relative, `/` between components, none of them empty, `.` or `..`; latin1 text of the octets. */
  readonly path: string;
  /** Octets behind the name that do not belong to it were dropped: worth a warning. */
  readonly cleaned: boolean;
};

/** Longer names are not of this tree: Linux's PATH_MAX is 4096, a request holds 512. */
const PATH_MAX = 1024;
const COMPONENT_MAX = 255;

/**
 * Reads a requested name as every client means it: below the root, whatever it begins with.
 *
 * - `\` is `/`: Windows boot managers ask for `\Boot\BCD` (and mix both: `/boot\x`).
 * - `/a`, `//a`, `./a`, `a//b` are `a` and `a/b`: GRUB asks with a leading slash, syslinux.efi for `efi64//vmlinuz`.
 * - 0xff and control octets at the end go: a boot file name in option 67 without its NUL reaches ROMs with what lies
 *   behind it, 0xff being DHCP's END (netbootxyz/netboot.xyz#1198).
 * - Other octets, of latin1 or UTF-8, stay as they are.
 *
 * Reasons: `outside-root` (a `..` component), `directory` (ends with a slash, or is the root), `name-too-long`,
 * `bad-name` (a NUL, which no wire name has). Where the first three are refused, ERROR 1 tells the least.
 *
 *     treePath('\\Boot\\BCD') // { ok: true, value: { path: 'Boot/BCD', cleaned: false } }
 */
export function treePath(name: string): Decoded<TreePath> {
  const trimmed = name.slice(0, endOfName(name));
  if (trimmed.includes('\0')) return rejected('bad-name');
  const slashed = trimmed.replaceAll('\\', '/');
  const components = slashed.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) return rejected('outside-root');
  if (components.length === 0 || /(^|\/)\.?$/.test(slashed)) return rejected('directory');
  const path = components.join('/');
  if (path.length > PATH_MAX || components.some((component) => component.length > COMPONENT_MAX)) {
    return rejected('name-too-long');
  }
  return ok({ path, cleaned: trimmed.length < name.length });
}

/** By hand: a regular expression tries anew at each octet of a run that something follows, which takes its square. */
function endOfName(name: string): number {
  let end = name.length;
  while (end > 0 && isLitter(name.charCodeAt(end - 1))) end--;
  return end;
}

function isLitter(octet: number): boolean {
  return octet < 0x20 || octet === 0x7f || octet === 0xff;
}
