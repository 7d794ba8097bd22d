import { maskOf, type Subnet } from '../../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { readU32, requireInteger, writeU32 } from '../octets.ts';
import { writeAddress } from './address.ts';
import { checkByDecoding, type Shape } from './shape.ts';

/** To `network`/`length` by way of `router`; 0.0.0.0 there means on-link (RFC 3442). */
export type ClasslessRoute = Subnet & { readonly router: number };

function significantOctets(length: number): number {
  return (length + 7) >> 3;
}

function decode(body: Uint8Array): Decoded<readonly ClasslessRoute[]> {
  if (body.length === 0) return rejected('routes-empty');
  const routes: ClasslessRoute[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body[at++]!;
    if (length > 32) return rejected('routes-width');
    const significant = significantOctets(length);
    if (at + significant + 4 > body.length) return rejected('routes-truncated');
    let network = 0;
    for (let i = 0; i < significant; i++) network |= body[at + i]! << (24 - 8 * i);
    at += significant;
    // RFC 3442: bits past the mask count as zero, whatever the sender left in them.
    routes.push({ network: (network & maskOf(length)) >>> 0, length, router: readU32(body, at) });
    at += 4;
  }
  return ok(routes);
}

/** Option 121 (RFC 3442): width, as many octets of the destination as are significant, router; repeated. */
export const classlessRoutes: Shape<readonly ClasslessRoute[]> = {
  encodingLength(value) {
    if (value.length === 0) throw new RangeError('Cannot encode routes: at least one is needed');
    return value.reduce((sum, route) => sum + 5 + significantOctets(route.length), 0);
  },
  encodeInto(value, out, at) {
    for (const route of value) {
      out[at++] = requireInteger('a route width', route.length, [0, 32]);
      const network = requireInteger('a route', route.network, [0, 0xffff_ffff]) & maskOf(route.length);
      const head = new Uint8Array(4);
      writeU32(head, 0, network >>> 0);
      for (let i = 0; i < significantOctets(route.length); i++) out[at++] = head[i]!;
      at = writeAddress(out, at, route.router);
    }
    return at;
  },
  decode,
  check: checkByDecoding(decode),
};
