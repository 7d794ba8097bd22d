import {
  OPTION_BY_CODE,
  OPTION_TABLE,
  type OptionKey,
  type OptionValue,
  writeOption,
} from '../dhcp-packet/index.ts';
import { latin1Decode } from '../lib/bytes.ts';
import { parseIpv4, parseSubnet } from '../lib/ipv4.ts';
import { didYouMean } from '../lib/near.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { INSTEAD, OPTION_ALIASES, OPTION_KINDS, type OptionKind } from './option-names-table.ts';
import { isMap, readHex, readOctets, readSubOptions, readWireText, shown } from './option-octets.ts';

/** An option ready to be sent. */
export type CodedOption = { readonly code: number; readonly body: Uint8Array };

/**
 * Reads an option of the configuration: `name` is a name of the option table, one that ISC dhcpd, Kea or dnsmasq has for it,
 * or a number; `value` is typed as the option is, or `hex:…`. `also` are codes taken although there is a key for them. Any
 * reason is a sentence for people.
 *
 * ```ts
 * readConfiguredOption('ntp-servers', ['10.0.0.1']); // { ok: true, value: { code: 42, body: 0a 00 00 01 } }
 * ```
 */
export function readConfiguredOption(
  name: string,
  value: unknown,
  { also = [] }: { readonly also?: readonly number[] } = {},
): Decoded<CodedOption> {
  const code = codeOf(name);
  if (!code.ok) return code;
  const row = OPTION_BY_CODE[code.value];
  const kind = row ? OPTION_KINDS[row.key] : 'octets';
  const instead = also.includes(code.value) ? undefined : INSTEAD[code.value];
  if (instead !== undefined) return rejected(instead);
  if (kind === 'own') return rejected('pxed sets this option itself');
  const hex = typeof value === 'string' ? readHex(value) : undefined;
  const body = hex ?? (row ? encode(row.key, kind, value) : readOctets(value));
  if (!body.ok) return body;
  const misfit = row?.shape.check(body.value);
  if (misfit !== undefined) return rejected(`no octets that option ${code.value} can have (${misfit})`);
  return ok({ code: code.value, body: body.value });
}

function codeOf(name: string): Decoded<number> {
  if (/^\d+$/.test(name)) {
    const code = Number(name);
    return code >= 1 && code <= 254 ? ok(code) : rejected('option codes are numbers from 1 to 254');
  }
  const key = Object.hasOwn(OPTION_ALIASES, name) ? OPTION_ALIASES[name] : name;
  if (key !== undefined && Object.hasOwn(OPTION_TABLE, key)) return ok(OPTION_TABLE[key as OptionKey].code);
  const names = [...Object.keys(OPTION_TABLE), ...Object.keys(OPTION_ALIASES)];
  return rejected(`no such option${didYouMean(name, names, '; a number will do for any')}`);
}

function encode(key: OptionKey, kind: OptionKind, value: unknown): Decoded<Uint8Array> {
  const typed = READERS[kind](value, key);
  if (!typed.ok) return typed;
  const options = new Map<number, Uint8Array>();
  try {
    // The readers make what the option's shape takes; a test goes through all of them.
    writeOption(options, key, typed.value as OptionValue<OptionKey>);
  } catch (error) {
    return rejected(error instanceof Error ? error.message : String(error));
  }
  return ok(options.get(OPTION_TABLE[key].code)!);
}

type Reader = (value: unknown, key: OptionKey) => Decoded<unknown>;

const READERS: Readonly<Record<OptionKind, Reader>> = {
  address,
  addresses: (value) => list(value, address),
  'address-pairs': (value, key) =>
    list(value, (item) => addressPair(item, key === 'policy-filter' ? 'mask' : 'via')),
  routes: (value) => list(value, route),
  integer: (value) =>
    typeof value === 'number' && Number.isInteger(value) ? ok(value) : wanted('a number', value),
  integers: (value) =>
    list(value, (item) => (typeof item === 'number' ? ok(item) : wanted('a number', item))),
  flag: (value) => (typeof value === 'boolean' ? ok(value) : wanted('true or false', value)),
  text,
  texts: (value) => list(value, text),
  names: (value) => list(value, domainName),
  octets: readOctets,
  'sub-options': subOptions,
  'vendor-classes': vendorClasses,
  'vendor-options': vendorOptions,
  own: () => rejected('pxed sets this option itself'),
};

function wanted(what: string, value: unknown): Decoded<never> {
  return rejected(`expected ${what}, got ${shown(value)}`);
}

/** One value or a list of them, never none. */
function list(value: unknown, read: (item: unknown) => Decoded<unknown>): Decoded<readonly unknown[]> {
  const items = Array.isArray(value) ? value : [value];
  const values: unknown[] = [];
  for (const item of items) {
    const one = read(item);
    if (!one.ok) return one;
    values.push(one.value);
  }
  return values.length > 0 ? ok(values) : rejected('needs at least one value; leave the option out for none');
}

function address(value: unknown): Decoded<number> {
  const ip = typeof value === 'string' ? parseIpv4(value) : undefined;
  return ip === undefined ? wanted('an IPv4 address like 192.168.77.1', value) : ok(ip);
}

function text(value: unknown): Decoded<string> {
  const octets = readWireText(value);
  return octets.ok ? ok(latin1Decode(octets.value)) : octets;
}

function domainName(value: unknown): Decoded<string> {
  const name = typeof value === 'string' ? value.replace(/\.$/, '') : '';
  return /^[\w-]+(\.[\w-]+)*$/.test(name) ? ok(name) : wanted('a domain name', value);
}

/** `{ to: 10.1.0.0, via: 10.0.0.1 }`. */
function addressPair(value: unknown, second: 'via' | 'mask'): Decoded<readonly [number, number]> {
  if (!isMap(value) || Object.keys(value).sort().join() !== ['to', second].sort().join()) {
    return wanted(`{ to: address, ${second}: address }`, value);
  }
  const to = address(value.to);
  const other = address(value[second]);
  if (!to.ok) return to;
  return other.ok ? ok([to.value, other.value] as const) : other;
}

/** `{ to: 10.0.0.0/8, via: 10.0.0.1 }`; to `default`, to everywhere else. */
function route(value: unknown): Decoded<unknown> {
  if (!isMap(value) || Object.keys(value).sort().join() !== 'to,via') {
    return wanted('{ to: 10.0.0.0/8, via: 10.0.0.1 }', value);
  }
  const { to } = value;
  const subnet =
    to === 'default' ? { network: 0, length: 0 } : typeof to === 'string' ? parseSubnet(to) : undefined;
  if (!subnet) return wanted('a subnet like 10.0.0.0/8 with its host bits zero, or default', to);
  const via = address(value.via);
  return via.ok ? ok({ ...subnet, router: via.value }) : via;
}

/** Octets as they are for option 43, whose layout is the vendor's; 175 takes its sub-options apart. */
function subOptions(value: unknown, key: OptionKey): Decoded<unknown> {
  if (key === 'vendor-specific' && typeof value === 'string') return readOctets(value);
  const list = readSubOptions(value);
  if (!list.ok) return list;
  if (key !== 'vendor-specific') return ok({ values: {}, others: list.value });
  return ok(Uint8Array.from([...list.value.flatMap(({ code, body }) => [code, body.length, ...body]), 255]));
}

/** `{ 311: [MSFT 5.0] }`. */
function vendorClasses(value: unknown): Decoded<unknown> {
  return enterprises(value, (given) => list(given, readOctets), 'classes');
}

/** `{ 311: { 1: { u32: 1 } } }`. */
function vendorOptions(value: unknown): Decoded<unknown> {
  return enterprises(value, readSubOptions, 'options');
}

function enterprises(
  value: unknown,
  read: (given: unknown) => Decoded<unknown>,
  into: 'classes' | 'options',
): Decoded<unknown> {
  if (!isMap(value)) return wanted('a map from enterprise numbers', value);
  const blocks: unknown[] = [];
  for (const [key, given] of Object.entries(value)) {
    if (!/^\d{1,10}$/.test(key)) return rejected(`"${key}" is no enterprise number`);
    const found = read(given);
    if (!found.ok) return rejected(`${key}: ${found.reason}`);
    blocks.push({ enterprise: Number(key), [into]: found.value });
  }
  return blocks.length > 0 ? ok(blocks) : rejected('needs at least one enterprise');
}
