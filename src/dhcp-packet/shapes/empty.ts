import { ok, rejected } from '../../lib/result.ts';
import type { Shape } from './shape.ts';

/** No octets: rapid commit (80, RFC 4039 §4). Being there is the value. */
export const empty: Shape<true> = {
  encodingLength: () => 0,
  encodeInto: (_value, _out, at) => at,
  decode: (body) => (body.length === 0 ? ok(true as const) : rejected('empty-length')),
  check: (body) => (body.length === 0 ? undefined : 'empty-length'),
};
