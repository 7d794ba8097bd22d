import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { writeBytes } from '../octets.ts';
import type { Shape } from './shape.ts';

/** Octets with a meaning elsewhere: client identifier (61), vendor-specific information (43). Decodes to a view. */
export function opaque(rule: { readonly min: number; readonly max?: number }): Shape<Uint8Array> {
  const most = rule.max ?? 0xffff;
  function fits(bytes: Uint8Array): boolean {
    return bytes.length >= rule.min && bytes.length <= most;
  }
  return {
    encodingLength(value) {
      if (!fits(value))
        throw new RangeError(`Cannot encode ${value.length} octets: ${rule.min} to ${most} fit`);
      return value.length;
    },
    encodeInto: (value, out, at) => writeBytes(out, at, value),
    decode: (body): Decoded<Uint8Array> => (fits(body) ? ok(body) : rejected('bytes-length')),
    check: (body) => (fits(body) ? undefined : 'bytes-length'),
  };
}
