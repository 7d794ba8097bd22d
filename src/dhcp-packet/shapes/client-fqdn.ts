import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { readText, requireInteger, writeText } from '../octets.ts';
import { labelsOf, readName } from './dns-name.ts';
import { checkByDecoding, type Shape } from './shape.ts';

/**
 * Flags as RFC 4702 §2.1 names them: `s` the server should update A records, `o` it overrode `s`, `e` the name is
 * in DNS wire form (else ASCII), `n` no updates at all. A server sends both RCODEs as 255 (§2.2).
 * `partial`: in wire form, the name stops without the root label and is not fully qualified (§2.3.1).
 */
export type ClientFqdn = {
  readonly s: boolean;
  readonly o: boolean;
  readonly e: boolean;
  readonly n: boolean;
  readonly rcode1: number;
  readonly rcode2: number;
  readonly name: string;
  readonly partial: boolean;
};

function decode(body: Uint8Array): Decoded<ClientFqdn> {
  if (body.length < 3) return rejected('client-fqdn-length');
  const flags = body[0]!; // the four high bits must be zero and are ignored on receipt (§2.1)
  const head = {
    s: (flags & 1) !== 0,
    o: (flags & 2) !== 0,
    e: (flags & 4) !== 0,
    n: (flags & 8) !== 0,
    rcode1: body[1]!,
    rcode2: body[2]!,
  };
  if (!head.e) return ok({ ...head, name: readText(body, 3, body.length), partial: false });
  const wire = body.subarray(3);
  const read = readName(wire, 0, { compression: false });
  if (!read.ok) return read;
  if (read.value.next !== wire.length) return rejected('client-fqdn-trailing');
  return ok({ ...head, name: read.value.name, partial: !read.value.complete });
}

function nameOctets(value: ClientFqdn): number {
  if (!value.e) return value.name.length;
  return labelsOf(value.name).reduce((sum, label) => sum + 1 + label.length, value.partial ? 0 : 1);
}

/** Option 81, client FQDN (RFC 4702 §2). */
export const clientFqdn: Shape<ClientFqdn> = {
  encodingLength: (value) => 3 + nameOctets(value),
  encodeInto(value, out, at) {
    out[at++] = (value.s ? 1 : 0) | (value.o ? 2 : 0) | (value.e ? 4 : 0) | (value.n ? 8 : 0);
    out[at++] = requireInteger('RCODE1', value.rcode1, [0, 255]);
    out[at++] = requireInteger('RCODE2', value.rcode2, [0, 255]);
    if (!value.e) return writeText(out, at, value.name);
    for (const label of labelsOf(value.name)) {
      out[at++] = label.length;
      at = writeText(out, at, label);
    }
    if (!value.partial) out[at++] = 0;
    return at;
  },
  decode,
  check: checkByDecoding(decode),
};
