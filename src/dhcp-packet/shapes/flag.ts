import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { checkByDecoding, type Shape } from './shape.ts';

function decode(body: Uint8Array): Decoded<boolean> {
  if (body.length !== 1) return rejected('boolean-length');
  return body[0]! > 1 ? rejected('boolean-value') : ok(body[0] === 1);
}

/** One octet, 0 or 1; nothing else is legal (RFC 2132 §4 to §7). */
export const flag: Shape<boolean> = {
  encodingLength: () => 1,
  encodeInto(value, out, at) {
    out[at] = value ? 1 : 0;
    return at + 1;
  },
  decode,
  check: checkByDecoding(decode),
};
