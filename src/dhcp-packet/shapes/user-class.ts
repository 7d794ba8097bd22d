import { ok, rejected } from '../../lib/result.ts';
import { readText, requireInteger, writeText } from '../octets.ts';
import type { Shape } from './shape.ts';

/**
 * Option 77: the client's user classes as latin1 text.
 *
 * RFC 3004 §4 has a list of (length, data). iPXE and many others send the bare string: whenever the chain of
 * lengths does not fit the body exactly, the whole body is one class. Writing always gives the RFC's form.
 */
export const userClass: Shape<readonly string[]> = {
  encodingLength(value) {
    if (value.length === 0) throw new RangeError('Cannot encode user classes: at least one is needed');
    return value.reduce((sum, name) => sum + 1 + name.length, 0);
  },
  encodeInto(value, out, at) {
    for (const name of value) {
      out[at++] = requireInteger('the length of a user class', name.length, [1, 255]);
      at = writeText(out, at, name);
    }
    return at;
  },
  decode(body) {
    if (body.length === 0) return rejected('user-class-empty');
    const classes: string[] = [];
    let at = 0;
    while (at < body.length) {
      const length = body[at]!;
      if (length === 0 || at + 1 + length > body.length) return ok([readText(body, 0, body.length)]);
      classes.push(readText(body, at + 1, at + 1 + length));
      at += 1 + length;
    }
    return ok(classes);
  },
  check: (body) => (body.length === 0 ? 'user-class-empty' : undefined),
};
