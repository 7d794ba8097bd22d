import { type Decoded, ok } from '../lib/result.ts';
import { requireInteger, writeBytes } from './octets.ts';
import type { CodedBody, Shape, ValueOf } from './shapes/shape.ts';

/**
 * Options inside an option: PXE's 43, the relay's 82, iPXE's 175. A table gives each known sub-option a name and a
 * shape; reading is lenient, for one broken sub-option must not hide the others.
 */

/** Name -> code and shape of the sub-options that are known. */
export type SubTable = Readonly<Record<string, { readonly code: number; readonly shape: Shape<unknown> }>>;

/**
 * `values`: known sub-options by name; absent when not sent or malformed. `others`: unknown ones and repetitions,
 * in wire order. `problems`: what could not be read, `suboption-overrun` being broken framing: the rest is lost.
 */
export type Encapsulated<T extends SubTable> = {
  readonly values: { readonly [K in keyof T]?: ValueOf<T[K]['shape']> };
  readonly others?: readonly CodedBody[];
  readonly problems?: readonly { readonly code: number; readonly reason: string }[];
};

/** `marks`: 0 is a pad and 255 the end (RFC 2132 §8.4); option 82 has neither (RFC 3046 §2.0). */
export type Framing = { readonly marks: boolean };

const OCTET: readonly [number, number] = [0, 255];

/** A shape for the sub-options of `table`. Encoding writes values in table order, then `others`, then the end. */
export function encapsulation<T extends SubTable>(table: T, framing: Framing): Shape<Encapsulated<T>> {
  const rows = Object.entries(table);
  const codes: readonly [number, number] = framing.marks ? [1, 254] : OCTET;
  const names = new Map(rows.map(([name, row]) => [row.code, { name, shape: row.shape }]));

  function decode(body: Uint8Array): Decoded<Encapsulated<T>> {
    const values: Record<string, unknown> = {};
    const others: CodedBody[] = [];
    const problems: { code: number; reason: string }[] = [];
    const overrun = walk(body, framing, (sub) => {
      const known = names.get(sub.code);
      if (!known || known.name in values) return void others.push(sub);
      const read = known.shape.decode(sub.body);
      if (read.ok) values[known.name] = read.value;
      else problems.push({ code: sub.code, reason: read.reason });
    });
    if (overrun !== undefined) problems.push({ code: overrun, reason: 'suboption-overrun' });
    return ok({ values: values as Encapsulated<T>['values'], others, problems });
  }

  function known(value: Encapsulated<T>): { code: number; shape: Shape<unknown>; value: unknown }[] {
    const values: Readonly<Record<string, unknown>> = value.values;
    const found: { code: number; shape: Shape<unknown>; value: unknown }[] = [];
    for (const [name, { code, shape }] of rows) {
      const one = values[name];
      if (one !== undefined) found.push({ code, shape, value: one });
    }
    return found;
  }

  return {
    encodingLength(value) {
      let size = framing.marks ? 1 : 0;
      for (const sub of known(value)) size += 2 + sub.shape.encodingLength(sub.value);
      for (const sub of value.others ?? []) size += 2 + sub.body.length;
      return size;
    },
    encodeInto(value, out, at) {
      for (const sub of known(value)) {
        const size = sub.shape.encodingLength(sub.value);
        at = writeHead(out, at, { code: sub.code, size });
        at = sub.shape.encodeInto(sub.value, out, at);
      }
      for (const sub of value.others ?? []) {
        at = writeHead(out, at, { code: sub.code, size: sub.body.length });
        at = writeBytes(out, at, sub.body);
      }
      if (framing.marks) out[at++] = 255; // optional for a reader, always sent
      return at;
    },
    decode,
    check: () => undefined,
    warn: (body) => (walk(body, framing, () => {}) === undefined ? undefined : 'suboption-overrun'),
  };

  function writeHead(out: Uint8Array, at: number, head: { code: number; size: number }): number {
    out[at] = requireInteger('a sub-option code', head.code, codes);
    out[at + 1] = requireInteger('the octets of a sub-option', head.size, OCTET);
    return at + 2;
  }
}

/** Visits each sub-option; returns the code of the one that does not fit, or undefined when all do. */
export function walk(
  body: Uint8Array,
  framing: Framing,
  visit: (sub: CodedBody) => void,
): number | undefined {
  for (let at = 0; at < body.length; ) {
    const code = body[at]!;
    if (framing.marks && code === 0) {
      at++;
      continue;
    }
    if (framing.marks && code === 255) return undefined;
    const end = at + 2 + (body[at + 1] ?? 0);
    if (at + 1 >= body.length || end > body.length) return code;
    visit({ code, body: body.subarray(at + 2, end) });
    at = end;
  }
  return undefined;
}
