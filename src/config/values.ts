import { z } from 'zod';
import { toHex } from '../lib/bytes.ts';
import { parseDuration } from '../lib/duration.ts';
import { type Ipv4, parseIpv4, parseSubnet } from '../lib/ipv4.ts';
import { parseMac } from '../lib/mac.ts';
import { parseSize } from '../lib/size.ts';

/** The value shapes of the configuration: text that people write to data that the services take. */

type Parse<T> = (text: string) => T | undefined;

/** A string that `parse` understands; `expected` completes "expected …, got …". */
function parsed<T>(expected: string, parse: Parse<T>) {
  return z.string({ error: (issue) => notText(expected, issue.input) }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input: text, message: `expected ${expected}, got "${text}"` });
    return z.NEVER;
  });
}

function notText(expected: string, input: unknown): string {
  return `expected ${expected}, got ${JSON.stringify(input) ?? 'nothing'}`;
}

export const ipv4 = parsed('an IPv4 address like 192.168.77.1', parseIpv4);
export const subnet = parsed('a subnet like 192.168.77.0/24 with its host bits zero', parseSubnet);
export const mac = parsed('a MAC address like 52:54:00:12:34:56', parseMac);

/** `192.168.77.100-192.168.77.199`, or one address. */
export const addressRange = z
  .string({ error: (issue) => notRange(issue.input) })
  .transform((text, context): { first: Ipv4; last: Ipv4 } => {
    const range = parseRange(text);
    if (range && range.first <= range.last) return range;
    context.issues.push({ code: 'custom', input: text, message: notRange(text) });
    return z.NEVER;
  });

/** What is wrong with `input`, which is no range of addresses. */
export function notRange(input: unknown): string {
  if (typeof input === 'string' && parseRange(input)) return `"${input}" ends before it begins`;
  return notText('a range like 192.168.77.100-192.168.77.199', input);
}

/** `30000-30999`. */
export const portRange = parsed('a port range like 30000-30999', parsePortRange);

/** Seconds, as a number or as `12h`. */
export const duration = numberOr('a time like 90s, 12h or infinite', parseDuration);

/** Octets, as a number or as `100M`. */
export const size = numberOr('a size like 512k or 100M', parseSize);

/** `239.255.69.0:1758`, the port 1758 when left out. */
export const multicastGroup = parsed('a group address like 239.255.69.0:1758', parseMulticastGroup);

/** Lower-case hex, as `01525400123456` or with colons. */
export const hexText = parsed('hex digits like 01:52:54:00:12:34:56', parseHexText);

/** A MAC, or how it begins: `52:54:00`. */
export const macHead = parsed('a MAC address or its first octets like 52:54:00', parseMacHead);

/** Lower case with dashes, in either byte order. */
export const uuid = parsed('a UUID like 564d8a10-97c2-4f05-9d3a-0123456789ab', parseUuid);

/** Octets that a relay made: text, or `hex:0a0b`; lower-case hex comes of both. */
export const octetText = parsed('text, or octets like hex:00040001', parseOctetText);

/** `http://10.0.0.1/boot/`: a URL to put paths behind, with a slash at its end. */
export const httpUrl = parsed('a URL like http://10.0.0.1/boot/', parseHttpUrl);

/** How URLs begin: `https://mirror.example/debian/`, a slash at its end. */
export const urlPrefix = parsed('how URLs begin, like https://mirror.example/debian/', parseUrlPrefix);

/** A name without a folder: `default.harddisk`. */
export const entryName = parsed('the name of a file, without its folder', (text) =>
  /^[^/\0]+$/.test(text) && text !== '.' && text !== '..' ? text : undefined,
);

/** `127.0.0.1:8080`, or `8080` on all addresses. */
export const tcpPlace = z
  .union([z.int(), z.string()], { error: (issue) => notText(TCP_PLACE, issue.input) })
  .transform((input, context): TcpPlace => {
    const place = parseTcpPlace(String(input));
    if (place) return place;
    context.issues.push({ code: 'custom', input, message: notText(TCP_PLACE, input) });
    return z.NEVER;
  });

const TCP_PLACE = 'an address and a port like 127.0.0.1:8080, or a port';

/** A port of one IPv4 address, or of all addresses. */
export type TcpPlace = { readonly address?: Ipv4; readonly port: number };

/** One value or a list of them. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item));
}

function numberOr(expected: string, parse: Parse<number>) {
  return z
    .union([z.int().min(0), z.string()], {
      error: (issue) => `expected ${expected}, got ${JSON.stringify(issue.input)}`,
    })
    .transform((value, context) => {
      const amount = parse(String(value));
      if (amount !== undefined) return amount;
      context.issues.push({ code: 'custom', input: value, message: `expected ${expected}, got "${value}"` });
      return z.NEVER;
    });
}

function parseRange(text: string): { first: Ipv4; last: Ipv4 } | undefined {
  const [head, tail, ...rest] = text.split('-').map((part) => parseIpv4(part.trim()));
  const last = text.includes('-') ? tail : head;
  if (head === undefined || last === undefined || rest.length > 0) return undefined;
  return { first: head, last };
}

/** `30000-30999`, both above 1023. */
export function parsePortRange(text: string): { first: number; last: number } | undefined {
  const parts = /^(\d{1,5})-(\d{1,5})$/.exec(text.trim());
  if (!parts) return undefined;
  const first = Number(parts[1]);
  const last = Number(parts[2]);
  return first > 1023 && last <= 65_535 && first <= last ? { first, last } : undefined;
}

function parseTcpPlace(text: string): TcpPlace | undefined {
  const parts = /^(?:([\d.]+):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(parts?.[2] ?? 0);
  if (port < 1 || port > 65_535) return undefined;
  if (parts?.[1] === undefined) return { port };
  const address = parseIpv4(parts[1]);
  return address === undefined ? undefined : { address, port };
}

const GROUP_FIRST = 0xe000_0100; // 224.0.0.x is for neighbours on the link
const GROUP_LAST = 0xefff_efff; // room for 16 groups of 256 workers
/** What RFC 2090 recommends. */
const GROUP_PORT = 1758;

/** `239.255.69.0`, `239.255.69.0:1758`: an IPv4 multicast address with room behind it. */
export function parseMulticastGroup(text: string): { address: Ipv4; port: number } | undefined {
  const parts = /^([\d.]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const address = parseIpv4(parts?.[1] ?? '');
  const port = Number(parts?.[2] ?? GROUP_PORT);
  if (address === undefined || address < GROUP_FIRST || address > GROUP_LAST) return undefined;
  return port > 0 && port <= 65_535 ? { address, port } : undefined;
}

/** Short enough to leave room for a path in option 67; `${next-server}` may stand for the host, no other value. */
function parseHttpUrl(text: string): string | undefined {
  const rest = text.replace(/\$\{next-server\}/g, 'host');
  const plain = /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/i.test(rest) && /^[\x21-\x7e]+$/.test(text);
  if (!plain || rest.includes('${') || text.length > 127) return undefined;
  return text.endsWith('/') ? text : `${text}/`;
}

/** The slash at its end keeps `/debian` from meaning `/debian-secret` as well. */
function parseUrlPrefix(text: string): string | undefined {
  const url = URL.parse(text);
  const plain =
    url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (!plain) return undefined;
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

function parseHexText(text: string): string | undefined {
  const digits = text.replaceAll(/[:-]/g, '').toLowerCase();
  return /^([0-9a-f]{2})+$/.test(digits) ? digits : undefined;
}

function parseMacHead(text: string): string | undefined {
  const head = text.replaceAll('-', ':').toLowerCase();
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){0,5}$/.test(head) ? head : undefined;
}

function parseUuid(text: string): string | undefined {
  const digits = text.replaceAll('-', '').toLowerCase();
  if (
    !/^[0-9a-f]{32}$/.test(digits) ||
    !/^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(text)
  )
    return undefined;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function parseOctetText(text: string): string | undefined {
  if (text.startsWith('hex:')) return parseHexText(text.slice(4));
  return /^[\x20-\x7e]+$/.test(text) ? toHex(new TextEncoder().encode(text)) : undefined;
}
