import { type Ipv4, lengthOfMask } from '../lib/ipv4.ts';
import { formatMac, type Mac } from '../lib/mac.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { HARDWARE_TYPES, type TagRow } from './bootptab-table.ts';

/** Addresses of host names and hardware addresses: what a bootptab leaves to other files. */
export type Names = {
  address(name: string): Ipv4 | undefined;
  hardware(name: string): Mac | undefined;
};

/** A value as it was written. `quoted`: in double quotes. */
export type Written = { readonly text: string; readonly quoted: boolean };

/** What a tag says. Numbers may be `auto`; the hardware address keeps as many octets as it has. */
export type TagValue =
  | { readonly kind: 'addresses'; readonly addresses: readonly Ipv4[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number | 'auto' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'hardware'; readonly mac: Mac }
  | { readonly kind: 'octets'; readonly body: Uint8Array };

/** Reads a tag's value; the reason of a refusal is a sentence for people. `written` is absent for a tag without `=`. */
export function readTagValue(row: TagRow, written: Written | undefined, names: Names): Decoded<TagValue> {
  const { kind } = row;
  if (kind === 'flag') {
    return written === undefined ? ok({ kind: 'flag' }) : rejected('takes no value');
  }
  if (written === undefined) {
    const mayBeBare = kind === 'number-auto' || kind === 'signed-auto';
    return mayBeBare ? ok({ kind: 'number', number: 'auto' }) : rejected('needs a value: tag=value');
  }
  const { text } = written;
  switch (kind) {
    case 'address':
      return readAddresses(text, names, 1);
    case 'addresses':
      return readAddresses(text, names, 63);
    case 'mask': {
      const mask = parseAnyIpv4(text);
      const sound = mask !== undefined && lengthOfMask(mask) !== undefined;
      return sound ? ok({ kind: 'addresses', addresses: [mask] }) : rejected(`"${text}" is no subnet mask`);
    }
    case 'text':
      return readText(text);
    case 'number':
    case 'number-auto':
    case 'signed-auto':
      return readNumber(text, row);
    case 'hardware-type':
      return readHardwareType(text);
    case 'hardware-address':
      return readHardwareAddress(text, names);
    case 'cookie':
      return /^(auto|rfc1048|rfc1084|cmu)$/.test(text)
        ? ok({ kind: 'text', text })
        : rejected(`expected auto, rfc1048, rfc1084 or cmu, got "${text}"`);
    case 'refused':
      return rejected('runs a program for each request; pxed does not do that');
  }
}

/** A generic tag's value: a quoted string, or hexadecimal octets with optional dots and 0x. */
export function readGeneric({ text, quoted }: Written): Decoded<TagValue> {
  const body = quoted ? new TextEncoder().encode(text) : hexOctets(text);
  if (body === undefined) return rejected(`expected hexadecimal octets or "text in quotes", got "${text}"`);
  if (body.length === 0 || body.length > 255) return rejected('an option has 1 to 255 octets');
  return ok({ kind: 'octets', body });
}

function readText(text: string): Decoded<TagValue> {
  if (text === '') return rejected('needs a value');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(text)) return rejected('has control characters');
  if (new TextEncoder().encode(text).length > 255)
    return rejected('is longer than the 255 octets of an option');
  return ok({ kind: 'text', text });
}

function readAddresses(text: string, names: Names, most: number): Decoded<TagValue> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0) return rejected('needs an address');
  if (words.length > most)
    return rejected(most === 1 ? 'takes one address' : `takes at most ${most} addresses`);
  const addresses: Ipv4[] = [];
  for (const word of words) {
    const address = parseAnyIpv4(word) ?? (isName(word) ? names.address(word) : undefined);
    if (address === undefined) {
      const hint = isName(word) ? 'neither in this file nor in /etc/hosts' : 'not an IPv4 address';
      return rejected(`"${word}" is ${hint}`);
    }
    addresses.push(address);
  }
  return ok({ kind: 'addresses', addresses });
}

/** Four parts, each decimal, octal (leading 0) or hexadecimal (leading 0x), as bootptab(5) has it. */
export function parseAnyIpv4(text: string): Ipv4 | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    const octet = parseNumber(part);
    if (octet === undefined || octet > 255) return undefined;
    address = address * 256 + octet;
  }
  return address;
}

/** Names need a letter: `10.0.0.256` is a mistyped address. */
function isName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9._-]{0,252}[a-z0-9])?$/i.test(text) && /[a-z]/i.test(text);
}

function readNumber(text: string, { kind, least = 0, most = 0xffff_ffff }: TagRow): Decoded<TagValue> {
  if (text === 'auto' && kind !== 'number') return ok({ kind: 'number', number: 'auto' });
  const negative = kind === 'signed-auto' && text.startsWith('-');
  const size = parseNumber(negative ? text.slice(1) : text);
  if (size === undefined) {
    return rejected(`expected a number${kind === 'number' ? '' : ' or auto'}, got "${text}"`);
  }
  if (size < least || size > most) return rejected(`${size} is not from ${least} to ${most}`);
  return ok({ kind: 'number', number: negative ? -size : size });
}

function parseNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number(text);
  if (/^0[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8);
  return /^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : undefined;
}

function readHardwareType(text: string): Decoded<TagValue> {
  const type = Object.hasOwn(HARDWARE_TYPES, text) ? HARDWARE_TYPES[text] : parseNumber(text);
  if (type === undefined || type > 255) {
    return rejected(`expected a number or ${Object.keys(HARDWARE_TYPES).join(', ')}, got "${text}"`);
  }
  if (type === 0) return rejected('machines on serial lines have no hardware address to be known by');
  return ok({ kind: 'number', number: type });
}

/** A quoted one may have colons: `"08:00:20:04:98:8d"`. */
function readHardwareAddress(text: string, names: Names): Decoded<TagValue> {
  const body = hexOctets(text.replaceAll(/[:-]/g, ''));
  if (body !== undefined && body.length > 0 && body.length <= 16) {
    return ok({ kind: 'hardware', mac: formatMac(body) });
  }
  const mac = isName(text) ? names.hardware(text) : undefined;
  if (mac !== undefined) return ok({ kind: 'hardware', mac });
  return rejected(`expected a hardware address like 08002B02A2F9, got "${text}"`);
}

function hexOctets(text: string): Uint8Array | undefined {
  const digits = text.replace(/^0x/i, '').replaceAll(/[.\s]/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
