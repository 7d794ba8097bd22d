import type { Ipv4 } from '../../lib/ipv4.ts';
import { ok, rejected } from '../../lib/result.ts';
import { readU32, requireInteger, writeU32 } from '../octets.ts';
import type { Shape } from './shape.ts';

/** One IPv4 address: subnet mask (1), requested address (50), server identifier (54) and others. */
export const address: Shape<Ipv4> = {
  encodingLength: () => 4,
  encodeInto: (value, out, at) => writeAddress(out, at, value),
  decode: (body) => (body.length === 4 ? ok(readU32(body, 0)) : rejected('address-length')),
  check: (body) => (body.length === 4 ? undefined : 'address-length'),
};

/** Writes one address. Throws RangeError for a number that is not one. */
export function writeAddress(out: Uint8Array, at: number, value: Ipv4): number {
  return writeU32(out, at, requireInteger('an address', value, [0, 0xffff_ffff]));
}
