/** What reading foreign bytes yields: a value, or a stable machine-readable reason. Never an exception. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | Rejected;

/** `reason` is a stable kebab-case code, fit for a counter's label. */
export type Rejected = { readonly ok: false; readonly reason: string };

/** Wraps a value that was read. */
export function ok<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

/** Names why bytes were refused. */
export function rejected(reason: string): Rejected {
  return { ok: false, reason };
}
