import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { readU16, readU32, requireInteger, writeU16, writeU32 } from '../octets.ts';
import type { Range } from './integer.ts';
import type { Shape } from './shape.ts';

/** One or more octets: parameter request list (55), in the client's order of preference (RFC 2132 §9.8). */
export function u8List(range: Range = {}): Shape<readonly number[]> {
  return list(1, range);
}

/** One or more 16-bit numbers: client architecture (93, RFC 4578 §2.1), MTU plateaus (25). */
export function u16List(range: Range = {}): Shape<readonly number[]> {
  return list(2, range);
}

/** One or more 32-bit numbers: PXE credential types (43.12). */
export function u32List(range: Range = {}): Shape<readonly number[]> {
  return list(4, range);
}

function list(size: 1 | 2 | 4, range: Range): Shape<readonly number[]> {
  const least = range.min ?? 0;
  const most = range.max ?? 2 ** (size * 8) - 1;
  const name = `u${size * 8}`;
  const lengthReason = `${name}-list-length`;
  const rangeReason = `${name}-list-range`;
  const valueAt = (body: Uint8Array, at: number): number =>
    size === 1 ? body[at]! : size === 2 ? readU16(body, at) : readU32(body, at);
  function check(body: Uint8Array): string | undefined {
    if (body.length === 0 || body.length % size !== 0) return lengthReason;
    for (let at = 0; at < body.length; at += size) {
      const value = valueAt(body, at);
      if (value < least || value > most) return rangeReason;
    }
    return undefined;
  }
  function decode(body: Uint8Array): Decoded<readonly number[]> {
    const reason = check(body);
    if (reason !== undefined) return rejected(reason);
    const values: number[] = [];
    for (let at = 0; at < body.length; at += size) values.push(valueAt(body, at));
    return ok(values);
  }
  return {
    encodingLength(value) {
      if (value.length === 0) throw new RangeError(`Cannot encode a list of ${name}: at least one is needed`);
      return value.length * size;
    },
    encodeInto(value, out, at) {
      for (const one of value) {
        requireInteger(name, one, [least, most]);
        if (size === 4) at = writeU32(out, at, one);
        else if (size === 2) at = writeU16(out, at, one);
        else out[at++] = one;
      }
      return at;
    },
    decode,
    check,
  };
}
