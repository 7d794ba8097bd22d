import type { CodedBody } from '../dhcp-packet/index.ts';
import { concatBytes, fromHex } from '../lib/bytes.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';

/**
 * Octets whose meaning nobody has told: options without a name, and sub-options. Written as text, as `hex:0a0b`, or with
 * their width: `{ u8: 1 }`, `{ u16: 1468 }`, `{ u32: … }`, `{ i32: … }`, `{ ip: 10.0.0.1 }`, each with one value or a list.
 * Reasons are sentences for people.
 */
export function readOctets(value: unknown): Decoded<Uint8Array> {
  if (typeof value === 'string') return textOrHex(value);
  if (!isMap(value))
    return rejected(`expected text, hex:… or a value with its width like { u8: 1 }, got ${shown(value)}`);
  const [entry, ...rest] = Object.entries(value);
  if (!entry || rest.length > 0) return rejected('expected one of u8, u16, u32, i32, ip');
  const [width, given] = entry;
  const parts: Uint8Array[] = [];
  for (const one of Array.isArray(given) ? given : [given]) {
    const part = width === 'ip' ? address(one) : number(width, one);
    if (!part.ok) return part;
    parts.push(part.value);
  }
  return parts.length > 0 ? ok(concatBytes(parts)) : rejected('needs at least one value');
}

/** A map from codes (1 to 254) to octets. */
export function readSubOptions(value: unknown): Decoded<readonly CodedBody[]> {
  if (!isMap(value) || Object.keys(value).length === 0) {
    return rejected(`expected a map from codes to values like { 6: { u8: 8 } }, got ${shown(value)}`);
  }
  const list: CodedBody[] = [];
  for (const [key, given] of Object.entries(value)) {
    const code = /^\d{1,3}$/.test(key) ? Number(key) : 0;
    if (code < 1 || code > 254) return rejected(`"${key}" is no code of a sub-option (1 to 254)`);
    const body = readOctets(given);
    if (!body.ok) return rejected(`${key}: ${body.reason}`);
    if (body.value.length > 255) return rejected(`${key}: longer than 255 octets`);
    list.push({ code, body: body.value });
  }
  return ok(list);
}

/** The octets behind `hex:`; undefined for other text. */
export function readHex(text: string): Decoded<Uint8Array> | undefined {
  if (!text.startsWith('hex:')) return undefined;
  const digits = text.slice(4).replaceAll(/[\s:-]/g, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits))
    return rejected(`expected pairs of hex digits after hex:, got "${text}"`);
  return ok(fromHex(digits));
}

/** UTF-8 without control characters, which no option of text may hold. */
export function readWireText(value: unknown): Decoded<Uint8Array> {
  if (typeof value !== 'string' || value === '') return rejected(`expected text, got ${shown(value)}`);
  for (const letter of value) {
    if (letter < ' ' || letter === '\x7f') return rejected('has control characters');
  }
  return ok(new TextEncoder().encode(value));
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a message quotes it. */
export function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function textOrHex(text: string): Decoded<Uint8Array> {
  return readHex(text) ?? readWireText(text);
}

function address(value: unknown): Decoded<Uint8Array> {
  const ip = typeof value === 'string' ? parseIpv4(value) : undefined;
  return ip === undefined ? rejected(`expected an IPv4 address, got ${shown(value)}`) : ok(bigEndian(ip, 4));
}

const WIDTHS: Readonly<Record<string, { octets: number; least: number; most: number }>> = {
  u8: { octets: 1, least: 0, most: 0xff },
  u16: { octets: 2, least: 0, most: 0xffff },
  u32: { octets: 4, least: 0, most: 0xffff_ffff },
  i32: { octets: 4, least: -0x8000_0000, most: 0x7fff_ffff },
};

function number(name: string, value: unknown): Decoded<Uint8Array> {
  const width = WIDTHS[name];
  if (!width) return rejected(`expected one of u8, u16, u32, i32, ip, got "${name}"`);
  const { octets, least, most } = width;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    return rejected(`expected an integer of ${least} to ${most}, got ${shown(value)}`);
  }
  return ok(bigEndian(value >>> 0, octets));
}

function bigEndian(value: number, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => value >>> (8 * (octets - 1 - i)));
}
