import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { requireInteger, writeText, writeU16 } from '../octets.ts';
import { labelsOf, readName } from './dns-name.ts';
import { checkByDecoding, type Shape } from './shape.ts';

/** Offsets from 0x4000 on do not fit a pointer (RFC 1035 §4.1.4). */
const POINTER_LIMIT = 0x4000;

/** Compression makes names of 255 octets out of two: without a bound, one datagram could hold a CPU for long. */
const MAX_NAMES = 255;

function decode(body: Uint8Array): Decoded<readonly string[]> {
  if (body.length === 0) return rejected('dns-empty');
  const names: string[] = [];
  for (let at = 0; at < body.length; ) {
    const read = readName(body, at, { compression: true });
    if (!read.ok) return read;
    if (!read.value.complete) return rejected('dns-truncated');
    if (names.push(read.value.name) > MAX_NAMES) return rejected('dns-too-many');
    at = read.value.next;
  }
  return ok(names);
}

/** One piece of the body: a label, a pointer to `offset`, or the root. */
type Piece = { readonly label: string } | { readonly pointer: number } | 'root';

/** Every suffix that was written before is replaced by a pointer to it. */
function compress(names: readonly string[]): { pieces: Piece[]; size: number } {
  const known = new Map<string, number>();
  const pieces: Piece[] = [];
  let size = 0;
  for (const name of names) {
    const labels = labelsOf(name);
    let pointed = false;
    for (let i = 0; i < labels.length && !pointed; i++) {
      const suffix = JSON.stringify(labels.slice(i));
      const offset = known.get(suffix);
      if (offset !== undefined) {
        pieces.push({ pointer: offset });
        size += 2;
        pointed = true;
      } else {
        if (size < POINTER_LIMIT) known.set(suffix, size);
        pieces.push({ label: labels[i]! });
        size += 1 + labels[i]!.length;
      }
    }
    if (!pointed) {
      pieces.push('root');
      size += 1;
    }
  }
  return { pieces, size };
}

/**
 * Option 119, domain search list (RFC 3397): names with compression, both ways. Pointers are offsets into the
 * whole list, which RFC 3396 may have cut into several options.
 */
export const domainNames: Shape<readonly string[]> = {
  encodingLength(value) {
    requireInteger('the number of domain names', value.length, [1, MAX_NAMES]);
    return compress(value).size;
  },
  encodeInto(value, out, at) {
    for (const piece of compress(value).pieces) {
      if (piece === 'root') out[at++] = 0;
      else if ('pointer' in piece) at = writeU16(out, at, 0xc000 | piece.pointer);
      else {
        out[at++] = piece.label.length;
        at = writeText(out, at, piece.label);
      }
    }
    return at;
  },
  decode,
  check: checkByDecoding(decode),
};
