import { ok, rejected } from '../../lib/result.ts';
import { readU32, requireInteger, writeBytes, writeU32 } from '../octets.ts';
import type { Shape } from './shape.ts';

/** `replay` is the 64-bit replay detection value; `info` a view. */
export type Authentication = {
  readonly protocol: number;
  readonly algorithm: number;
  readonly rdm: number;
  readonly replay: bigint;
  readonly info: Uint8Array;
};

/** Option 90 (RFC 3118 §2). A server that does not authenticate may show it, and must not echo it. */
export const authentication: Shape<Authentication> = {
  encodingLength: (value) => 11 + value.info.length,
  encodeInto(value, out, at) {
    for (const octet of [value.protocol, value.algorithm, value.rdm]) {
      out[at++] = requireInteger('an authentication field', octet, [0, 255]);
    }
    if (value.replay !== BigInt.asUintN(64, value.replay)) {
      throw new RangeError(`Cannot encode a replay detection value: must be a u64, got ${value.replay}`);
    }
    at = writeU32(out, at, Number(value.replay >> 32n));
    at = writeU32(out, at, Number(value.replay & 0xffff_ffffn));
    return writeBytes(out, at, value.info);
  },
  decode(body) {
    if (body.length < 11) return rejected('authentication-length');
    const replay = (BigInt(readU32(body, 3)) << 32n) | BigInt(readU32(body, 7));
    const [protocol, algorithm, rdm] = [body[0]!, body[1]!, body[2]!];
    return ok({ protocol, algorithm, rdm, replay, info: body.subarray(11) });
  },
  check: (body) => (body.length < 11 ? 'authentication-length' : undefined),
};
