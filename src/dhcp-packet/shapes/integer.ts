import { ok, rejected } from '../../lib/result.ts';
import { readU16, readU32, requireInteger, writeU16, writeU32 } from '../octets.ts';
import { checkByDecoding, type Shape } from './shape.ts';

/** Least and most value that the option's RFC allows; the whole range of the type when absent. */
export type Range = { readonly min?: number; readonly max?: number };

/** One octet: default TTL (23), message type (53) and others. */
export function u8(range: Range = {}): Shape<number> {
  return unsigned(1, range);
}

/** Two octets: boot file size (13), interface MTU (26), maximum message size (57). */
export function u16(range: Range = {}): Shape<number> {
  return unsigned(2, range);
}

/** Four octets: lease time (51; 0xffff_ffff is forever, RFC 2131 §3.3), T1 (58), T2 (59) and others. */
export function u32(range: Range = {}): Shape<number> {
  return unsigned(4, range);
}

function unsigned(size: 1 | 2 | 4, range: Range): Shape<number> {
  const least = range.min ?? 0;
  const most = range.max ?? 2 ** (size * 8) - 1;
  const allowed: readonly [number, number] = [least, most];
  const name = `u${size * 8}`;
  const lengthReason = `${name}-length`;
  const rangeReason = `${name}-range`;
  function decode(body: Uint8Array) {
    if (body.length !== size) return rejected(lengthReason);
    const value = size === 1 ? body[0]! : size === 2 ? readU16(body, 0) : readU32(body, 0);
    return value < least || value > most ? rejected(rangeReason) : ok(value);
  }
  return {
    encodingLength: () => size,
    encodeInto(value, out, at) {
      requireInteger(name, value, allowed);
      if (size === 4) return writeU32(out, at, value);
      if (size === 2) return writeU16(out, at, value);
      out[at] = value;
      return at + 1;
    },
    decode,
    check: checkByDecoding(decode),
  };
}

/** Four octets, two's complement: time offset (2), RFC 2132 §3.4. */
export const i32: Shape<number> = {
  encodingLength: () => 4,
  encodeInto(value, out, at) {
    return writeU32(out, at, requireInteger('i32', value, [-0x8000_0000, 0x7fff_ffff]) >>> 0);
  },
  decode: (body) => (body.length === 4 ? ok(readU32(body, 0) | 0) : rejected('i32-length')),
  check: (body) => (body.length === 4 ? undefined : 'i32-length'),
};

/** One octet, two's complement: iPXE's offer priority (175.1). */
export const i8: Shape<number> = {
  encodingLength: () => 1,
  encodeInto(value, out, at) {
    out[at] = requireInteger('i8', value, [-128, 127]);
    return at + 1;
  },
  decode: (body) => (body.length === 1 ? ok((body[0]! << 24) >> 24) : rejected('i8-length')),
  check: (body) => (body.length === 1 ? undefined : 'i8-length'),
};

/** Two octets, least significant first: MTFTP ports, "Intel order" (PXE 2.1 Table 2-1, tags 2 and 3). */
export const u16LittleEndian: Shape<number> = {
  encodingLength: () => 2,
  encodeInto(value, out, at) {
    requireInteger('u16', value, [0, 0xffff]);
    out[at] = value;
    out[at + 1] = value >>> 8;
    return at + 2;
  },
  decode: (body) => (body.length === 2 ? ok((body[1]! << 8) | body[0]!) : rejected('u16-length')),
  check: (body) => (body.length === 2 ? undefined : 'u16-length'),
};
