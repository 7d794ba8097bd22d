import { ok, rejected } from '../../lib/result.ts';
import { requireInteger } from '../octets.ts';
import type { Shape } from './shape.ts';

/** `type` 1 is UNDI, with the version of that interface. */
export type NetworkInterface = { readonly type: number; readonly major: number; readonly minor: number };

/** Option 94, client network interface identifier (RFC 4578 §2.2). */
export const networkInterface: Shape<NetworkInterface> = {
  encodingLength: () => 3,
  encodeInto({ type, major, minor }, out, at) {
    for (const value of [type, major, minor]) {
      out[at++] = requireInteger('a network interface identifier', value, [0, 255]);
    }
    return at;
  },
  decode: (body) =>
    body.length === 3
      ? ok({ type: body[0]!, major: body[1]!, minor: body[2]! })
      : rejected('network-interface-length'),
  check: (body) => (body.length === 3 ? undefined : 'network-interface-length'),
};
