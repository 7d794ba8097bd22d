import { type Decoded, ok, rejected } from '../../lib/result.ts';

/**
 * Domain names as RFC 1035 §3.1 puts them on the wire: labels of 1 to 63 octets, each behind its length, then 0.
 *
 * As text: labels joined by dots, no final dot, '' for the root. A dot or backslash inside a label is written
 * `\.` and `\\` (RFC 1035 §5.1), so that every wire name has one text and comes back unharmed.
 */

/** `next` is the offset behind the name; `complete` is false when the octets ended without the root label. */
export type WireName = { readonly name: string; readonly next: number; readonly complete: boolean };

const MAX_NAME_OCTETS = 255;

/** As many labels as a name can have: more pointers than that serve only to keep a reader busy. */
const MAX_POINTERS = 127;

/**
 * Reads the name at `at`. A pointer (RFC 1035 §4.1.4) is an offset into `bytes` and must point before the place
 * that this name has come from, so that no chain of them can loop. With `compression: false` it is an error.
 */
export function readName(
  bytes: Uint8Array,
  at: number,
  rule: { readonly compression: boolean },
): Decoded<WireName> {
  const labels: string[] = [];
  let octets = 1;
  let next = -1;
  let floor = at;
  let pointers = 0;
  while (at < bytes.length) {
    const length = bytes[at]!;
    if (length === 0) return ok({ name: labels.join('.'), next: next < 0 ? at + 1 : next, complete: true });
    if (length >= 0xc0) {
      if (!rule.compression || at + 1 >= bytes.length) return rejected('dns-pointer');
      const target = ((length & 0x3f) << 8) | bytes[at + 1]!;
      if (target >= floor || ++pointers > MAX_POINTERS) return rejected('dns-pointer');
      if (next < 0) next = at + 2;
      floor = target;
      at = target;
      continue;
    }
    if (length > 63) return rejected('dns-label');
    if (at + 1 + length > bytes.length) return rejected('dns-truncated');
    octets += 1 + length;
    if (octets > MAX_NAME_OCTETS) return rejected('dns-length');
    labels.push(labelText(bytes, at + 1, at + 1 + length));
    at += 1 + length;
  }
  return ok({ name: labels.join('.'), next: next < 0 ? at : next, complete: false });
}

function labelText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const char = String.fromCharCode(bytes[i]!);
    text += char === '.' || char === '\\' ? `\\${char}` : char;
  }
  return text;
}

/** The labels of a name in text, unescaped. Throws RangeError for a label or name that DNS cannot carry. */
export function labelsOf(name: string): string[] {
  if (name === '') return [];
  const labels: string[] = [];
  let label = '';
  for (let i = 0; i < name.length; i++) {
    const char = name[i]!;
    if (char === '\\') label += name[++i] ?? '';
    else if (char === '.') {
      labels.push(label);
      label = '';
    } else label += char;
  }
  if (label !== '' || labels.length === 0) labels.push(label); // a final dot adds no label
  const octets = labels.reduce((sum, one) => sum + 1 + one.length, 1);
  if (labels.some((one) => one.length === 0 || one.length > 63) || octets > MAX_NAME_OCTETS) {
    throw new RangeError(`Cannot encode the name "${name}": labels hold 1 to 63 octets, names 255`);
  }
  return labels;
}
