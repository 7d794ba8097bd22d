/** Big-endian numbers in octets. The callers have checked that there is room. */

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Returns the next free offset, like every `write…` here. */
export function writeU16(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 8;
  out[at + 1] = value;
  return at + 2;
}

export function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/** Writes latin1 text. Throws RangeError for a character above U+00FF. */
export function writeText(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`Cannot encode "${text}": not latin1 at character ${i}`);
    out[at + i] = code;
  }
  return at + text.length;
}

export function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** Latin1 text of `bytes[from..to)`. */
export function readText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** Throws RangeError unless `value` is an integer of `least` to `most`; returns it. */
export function requireInteger(what: string, value: number, range: readonly [number, number]): number {
  // Asked for each field of each packet: what fits 32 bits is an integer without a further question.
  const whole = value >>> 0 === value || Number.isInteger(value);
  if (whole && value >= range[0] && value <= range[1]) return value;
  const [least, most] = range;
  throw new RangeError(`Cannot encode ${what}: must be an integer of ${least} to ${most}, got ${value}`);
}
