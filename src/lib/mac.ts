import { fromHex, toHex } from './bytes.ts';

/** A hardware address as lower-case text, `52:54:00:12:34:56`: the form of keys, logs and config. */
export type Mac = string;

/** `52:54:00:12:34:56` for six octets (any length up to 16 works: hlen octets of chaddr). */
export function formatMac(bytes: Uint8Array): Mac {
  return toHex(bytes, ':');
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
