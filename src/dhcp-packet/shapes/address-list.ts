import type { Ipv4 } from '../../lib/ipv4.ts';
import { ok, rejected } from '../../lib/result.ts';
import { readU32 } from '../octets.ts';
import { writeAddress } from './address.ts';
import type { Shape } from './shape.ts';

/** One or more IPv4 addresses in order of preference: routers (3), DNS servers (6) and others. */
export const addressList: Shape<readonly Ipv4[]> = {
  encodingLength(value) {
    if (value.length === 0) throw new RangeError('Cannot encode addresses: at least one is needed');
    return value.length * 4;
  },
  encodeInto(value, out, at) {
    for (const one of value) at = writeAddress(out, at, one);
    return at;
  },
  decode(body) {
    if (badLength(body)) return rejected('addresses-length');
    const addresses: Ipv4[] = [];
    for (let at = 0; at < body.length; at += 4) addresses.push(readU32(body, at));
    return ok(addresses);
  },
  check: (body) => (badLength(body) ? 'addresses-length' : undefined),
};

function badLength(body: Uint8Array): boolean {
  return body.length === 0 || body.length % 4 !== 0;
}
