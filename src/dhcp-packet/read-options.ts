import { concatBytes } from '../lib/bytes.ts';
import { walk } from './encapsulation.ts';

/**
 * The TLV stream of RFC 2132 §2: 0 is a pad, 255 the end, every other code has a length octet.
 * Parts of one code are kept apart here; joining them (RFC 3396) needs all areas of the packet.
 */

/** Code -> its parts in wire order, as views. */
export type Parts = Map<number, Uint8Array | Uint8Array[]>;

/** How an area ended. `at` is the code that does not fit. */
export type AreaEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'no-end' }
  | { readonly kind: 'option-overrun' | 'option-truncated'; readonly code: number };

const END: AreaEnd = { kind: 'end' };
const NO_END: AreaEnd = { kind: 'no-end' };

/** Adds the options of `bytes[from..to)` to `parts`. What follows the end option is ignored (RFC 2132 §3.2). */
export function readArea(bytes: Uint8Array, [from, to]: readonly [number, number], parts: Parts): AreaEnd {
  let at = from;
  while (at < to) {
    const code = bytes[at++]!;
    if (code === 0) continue;
    if (code === 255) return END;
    if (at >= to) return { kind: 'option-truncated', code };
    const end = at + 1 + bytes[at]!;
    if (end > to) return { kind: 'option-overrun', code };
    addPart(parts, code, bytes.subarray(at + 1, end));
    at = end;
  }
  return NO_END;
}

function addPart(parts: Parts, code: number, body: Uint8Array): void {
  const before = parts.get(code);
  if (before === undefined) parts.set(code, body);
  else if (Array.isArray(before)) before.push(body);
  else parts.set(code, [before, body]);
}

/** The parts of one option as one body (RFC 3396 §7). */
export function joinParts(code: number, parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(code === 43 ? parts.map(withoutInnerEnd) : parts);
}

/**
 * PXE 2.1 Table 2-1 lets several options 43 stand in one packet, each of which may close with its own end mark.
 * Left in place, the first would hide all that follows; as the last octet of a part that is not the last it goes.
 */
function withoutInnerEnd(part: Uint8Array, index: number, all: readonly Uint8Array[]): Uint8Array {
  if (index === all.length - 1 || part.at(-1) !== 255) return part;
  const shorter = part.subarray(0, -1);
  const endsThere = walk(shorter, { marks: true }, () => {}) === undefined;
  return endsThere ? shorter : part; // else the 255 is data of a sub-option that goes on in the next part
}
