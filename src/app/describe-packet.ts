import { OPTION_KINDS, type OptionKind } from '../config/option-names-table.ts';
import {
  type DhcpPacket,
  hardwareAddress,
  messageTypeName,
  OPTION_BY_CODE,
  readOption,
  readPxe,
} from '../dhcp-packet/index.ts';
import { toHex } from '../lib/bytes.ts';
import { formatIpv4, UNSPECIFIED } from '../lib/ipv4.ts';

/** An option for people; `value` is JSON where it is more than a word. */
export type DescribedOption = {
  readonly code: number;
  readonly name: string;
  readonly value: string;
  readonly hex: string;
};

/** The header's fields that say something, by their names of RFC 2131. */
export function describeHeader(packet: DhcpPacket): Readonly<Record<string, string>> {
  const { xid, secs, flags, sname, file } = packet;
  const addresses = (['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const)
    .filter((field) => packet[field] !== UNSPECIFIED)
    .map((field) => [field, formatIpv4(packet[field])] as const);
  return {
    type: messageTypeName(packet),
    xid: `0x${xid.toString(16).padStart(8, '0')}`,
    ...(secs > 0 && { secs: String(secs) }),
    ...(flags !== 0 && { flags: `0x${flags.toString(16).padStart(4, '0')}` }),
    ...Object.fromEntries(addresses),
    chaddr: hardwareAddress(packet),
    ...(sname !== '' && { sname: printable(sname) }),
    ...(file !== '' && { file: printable(file) }),
  };
}

/** Every option, in the order of the packet. */
export function describeOptions(packet: DhcpPacket): DescribedOption[] {
  return [...packet.options].map(([code, body]) => {
    const row = OPTION_BY_CODE[code];
    const read = row?.shape.decode(body);
    const known = read?.ok && row ? describeValue(read.value, OPTION_KINDS[row.key], code) : undefined;
    const value = code === 53 ? messageTypeName(packet) : code === 43 ? (pxeOf(packet) ?? known) : known;
    return {
      code,
      name: row?.key ?? `option-${code}`,
      value: value ?? toHex(body, ' '),
      hex: toHex(body),
    };
  });
}

/** Option 43 is PXE's where 60 says so; both sides speak of one another only then. */
function pxeOf({ options }: DhcpPacket): string | undefined {
  const read = readPxe(options);
  const isPxe = readOption(options, 'vendor-class-id')?.startsWith('PXEClient');
  return isPxe && read ? wordsOf(read.values) : undefined;
}

const ADDRESSES: ReadonlySet<OptionKind> = new Set(['address', 'addresses', 'address-pairs']);

/** Addresses that no configuration may set. */
const OWN_ADDRESSES: ReadonlySet<number> = new Set([1, 50, 54, 92, 118]);

/** Members of values that are addresses: of routes, of PXE's 43, of the relay's 82. */
const ADDRESS_MEMBERS: ReadonlySet<string> = new Set(
  ['network', 'router', 'mtftpIp', 'discoveryMulticast', 'servers', 'base'].concat([
    'linkSelection',
    'serverIdOverride',
  ]),
);

function describeValue(value: unknown, kind: OptionKind, code: number): string {
  return wordsOf(subOptionsOf(value), ADDRESSES.has(kind) || OWN_ADDRESSES.has(code));
}

/** Of an encapsulated option the sub-options alone, where nothing is strange about it. */
function subOptionsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('values' in value)) return value;
  const { values, ...rest } = value;
  return Object.values(rest).every((list) => Array.isArray(list) && list.length === 0) ? values : value;
}

/** JSON with octets as hex and addresses dotted; plain words where it is a word or a list of words. */
function wordsOf(value: unknown, isAddress = false): string {
  const plain = (one: unknown, dotted: boolean): unknown => {
    if (one instanceof Uint8Array) return toHex(one);
    if (typeof one === 'number') return dotted ? formatIpv4(one) : one;
    if (Array.isArray(one)) return one.map((each) => plain(each, dotted));
    if (typeof one !== 'object' || one === null) return one;
    const members = Object.entries(one).map(([key, inner]) => [key, plain(inner, ADDRESS_MEMBERS.has(key))]);
    return Object.fromEntries(members);
  };
  const made = plain(value, isAddress);
  const isList = Array.isArray(made) && made.every((one) => typeof one !== 'object');
  return printable(typeof made === 'string' ? made : isList ? made.join(', ') : JSON.stringify(made));
}

/** What a packet holds may be anything; a terminal is not to obey it. */
function printable(text: string): string {
  return text.replace(
    /[^\x20-\x7e\xa0-\xff]/g,
    (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
