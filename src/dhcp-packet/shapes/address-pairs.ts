import type { Ipv4 } from '../../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { readU32 } from '../octets.ts';
import { writeAddress } from './address.ts';
import { checkByDecoding, type Shape } from './shape.ts';

/** Address and mask (option 21), or destination and router (option 33). */
export type AddressPair = readonly [Ipv4, Ipv4];

/**
 * One or more pairs of addresses: policy filter (21), static routes (33). `zeroFirst: false` refuses 0.0.0.0 as
 * the first of a pair: the default route has no place in option 33 (RFC 2132 §5.8).
 */
export function addressPairs(rule: { readonly zeroFirst: boolean }): Shape<readonly AddressPair[]> {
  function decode(body: Uint8Array): Decoded<readonly AddressPair[]> {
    if (body.length === 0 || body.length % 8 !== 0) return rejected('address-pairs-length');
    const pairs: AddressPair[] = [];
    for (let at = 0; at < body.length; at += 8) pairs.push([readU32(body, at), readU32(body, at + 4)]);
    return pairs.every(isLegal) ? ok(pairs) : rejected('address-pairs-zero');
  }
  function isLegal([first]: AddressPair): boolean {
    return rule.zeroFirst || first !== 0;
  }
  return {
    encodingLength(value) {
      if (value.length === 0) throw new RangeError('Cannot encode address pairs: at least one is needed');
      return value.length * 8;
    },
    encodeInto(value, out, at) {
      for (const pair of value) {
        if (!isLegal(pair)) throw new RangeError('Cannot encode an address pair: 0.0.0.0 is no destination');
        at = writeAddress(out, writeAddress(out, at, pair[0]), pair[1]);
      }
      return at;
    },
    decode,
    check: checkByDecoding(decode),
  };
}
