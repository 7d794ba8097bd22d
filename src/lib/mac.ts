import { fromHex, toHex } from './bytes.ts';

/** A hardware address as lower-case text, `52:54:00:12:34:56`: the form of keys, logs and config. */
export type Mac = string;

/** `52:54:00:12:34:56` for six octets (any length up to 16 works: hlen octets of chaddr). */
export function formatMac(bytes: Uint8Array): Mac {
  return bytes.length === 6 ? sixOctets(bytes) : toHex(bytes, ':');
}

const COLON = 58;

/** In one piece: joined bit by bit, it would be put together again by whoever looks it up. No list is made on the way either. */
function sixOctets(bytes: Uint8Array): Mac {
  const [a, b, c] = [bytes[0]!, bytes[1]!, bytes[2]!];
  const [d, e, f] = [bytes[3]!, bytes[4]!, bytes[5]!];
  // biome-ignore format: two digits and a colon each
  return String.fromCharCode(
    high(a), low(a), COLON, high(b), low(b), COLON, high(c), low(c), COLON,
    high(d), low(d), COLON, high(e), low(e), COLON, high(f), low(f),
  );
}

function high(octet: number): number {
  return digit(octet >> 4);
}

function low(octet: number): number {
  return digit(octet & 15);
}

/** The code of a lower-case hex digit. */
function digit(value: number): number {
  return value + (value < 10 ? 48 : 87);
}

/** A number below 2^48 for six octets as {@link formatMac} writes them; undefined for other lengths. */
export function macNumber(mac: Mac): number | undefined {
  if (mac.length !== 17) return undefined;
  return three(mac, 0) * 2 ** 24 + three(mac, 9);
}

function three(mac: Mac, at: number): number {
  return (octet(mac, at) << 16) | (octet(mac, at + 3) << 8) | octet(mac, at + 6);
}

function octet(mac: Mac, at: number): number {
  return (digitValue(mac.charCodeAt(at)) << 4) | digitValue(mac.charCodeAt(at + 1));
}

function digitValue(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

const MAC = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/;

/** Accepts `52:54:00:…`, `52-54-00-…` and upper case; undefined when it is not six octets. */
export function parseMac(text: string): Mac | undefined {
  return MAC.test(text) ? text.replaceAll('-', ':').toLowerCase() : undefined;
}

/** The octets of a {@link Mac}. Throws TypeError when it is not hex. */
export function macBytes(mac: Mac): Uint8Array {
  return fromHex(mac);
}
