import { ok, rejected } from '../../lib/result.ts';
import { readText, writeText } from '../octets.ts';
import type { Shape } from './shape.ts';

/** Text without a final NUL, at least one octet: host name (12), vendor class (60) and others. */
export const text: Shape<string> = textShape(0);

/**
 * Text with a final NUL: server name (66) and boot file name (67).
 *
 * RFC 2132 §2 says that a sender SHOULD NOT add one, but boot ROMs read these two as C strings: without it some
 * ask for a file whose name ends in 0xff (the END option), and EDK2 writes a NUL over the octet that follows.
 * dnsmasq always adds it too. For the peer that wants none, see `writePlainText`.
 */
export const terminatedText: Shape<string> = textShape(1);

/**
 * Receivers MUST be able to strip NULs and MUST NOT require one (RFC 2132 §2). Latin1: every octet survives.
 */
function textShape(terminators: 0 | 1): Shape<string> {
  return {
    encodingLength(value) {
      if (value.length === 0) throw new RangeError('Cannot encode text: at least one character is needed');
      if (value.endsWith('\0'))
        throw new RangeError('Cannot encode text: it ends in NUL, which readers strip');
      return value.length + terminators;
    },
    encodeInto(value, out, at) {
      at = writeText(out, at, value);
      if (terminators) out[at++] = 0;
      return at;
    },
    decode(body) {
      let end = body.length;
      if (end === 0) return rejected('text-empty');
      while (end > 0 && body[end - 1] === 0) end--;
      return ok(readText(body, 0, end));
    },
    check: (body) => (body.length === 0 ? 'text-empty' : undefined),
  };
}
