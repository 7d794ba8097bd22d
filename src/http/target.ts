import { type Decoded, ok, rejected } from '../lib/result.ts';

/** No path of a tree is longer (PATH_MAX is 4096), and each octet of one takes up to three. */
const TARGET_MAX = 8192;

/**
 * Reads a request-target (RFC 9112 §3.2) as a name of the tree: latin1 text of its octets, as names of TFTP are, percent
 * encodings undone, the query left out. Both forms that name a file are read, for a server must take both: `/a%20b?x`
 * and `http://host/a%20b?x`.
 *
 * Reasons: `target-form` (`*`, `host:443`, or nothing), `target-too-long`, `bad-encoding` (a `%` without two hex digits),
 * `bad-name` (an encoded NUL). What is in the name, `..` above all, is for the caller to judge: after the decoding, once.
 *
 *     decodeTarget('/EFI/boot%20x64.efi') // { ok: true, value: '/EFI/boot x64.efi' }
 */
export function decodeTarget(target: string): Decoded<string> {
  if (target.length > TARGET_MAX) return rejected('target-too-long');
  const path = pathOf(target);
  if (path === undefined) return rejected('target-form');
  if (/%(?![0-9a-f]{2})/i.test(path)) return rejected('bad-encoding');
  const name = path.replace(/%(..)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return name.includes('\0') ? rejected('bad-name') : ok(name);
}

function pathOf(target: string): string | undefined {
  if (target.startsWith('/')) return target.replace(/[?#].*$/s, '');
  const absolute = /^https?:\/\/[^/?#]+([^?#]*)/i.exec(target);
  return absolute ? (absolute[1] ?? '') : undefined;
}
