import type { Decoded } from '../../lib/result.ts';

/**
 * How one kind of option body reads and writes. One file a shape; the option table says which code has which.
 *
 * - `encodingLength` and `encodeInto` throw TypeError or RangeError for a value that no body can hold;
 *   `encodeInto` writes exactly `encodingLength(value)` octets at `at` and returns the next free offset.
 * - `decode` never throws. What it returns may hold views of `body`.
 * - `check` is the cheap half of `decode`: a reason why the body cannot be read, or undefined when it can.
 * - `warn` finds damage that does not stop `decode`: a reason, or undefined.
 */
export type Shape<T> = {
  encodingLength(value: T): number;
  encodeInto(value: T, out: Uint8Array, at: number): number;
  decode(body: Uint8Array): Decoded<T>;
  check(body: Uint8Array): string | undefined;
  warn?(body: Uint8Array): string | undefined;
};

/** The value type of a shape. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** A sub-option, or an option that no table knows: its code and its octets. */
export type CodedBody = { readonly code: number; readonly body: Uint8Array };

/** The body of `value` as new octets. */
export function encodeBody<T>(shape: Shape<T>, value: T): Uint8Array {
  const out = new Uint8Array(shape.encodingLength(value));
  shape.encodeInto(value, out, 0);
  return out;
}

/** For shapes whose `check` is no cheaper than decoding. */
export function checkByDecoding<T>(decode: (body: Uint8Array) => Decoded<T>) {
  return (body: Uint8Array): string | undefined => {
    const result = decode(body);
    return result.ok ? undefined : result.reason;
  };
}
