import { bytesEqual } from '../lib/bytes.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { readText, readU16, readU32 } from './octets.ts';
import { OPTION_BY_CODE } from './option-table.ts';
import {
  CHADDR_SIZE,
  type DhcpPacket,
  FIELD,
  FILE_SIZE,
  MAGIC_COOKIE,
  type Options,
  SNAME_SIZE,
} from './packet.ts';
import { joinParts, type Parts, readArea } from './read-options.ts';

/** Something wrong that did not stop the reading. `reason` is a stable kebab-case code; `code` the option. */
export type Warning = { readonly reason: string; readonly code?: number };

/** `overload` says which fields held options: bit 0 `file`, bit 1 `sname` (RFC 2132 §9.3). */
export type DecodedPacket = {
  readonly packet: DhcpPacket;
  readonly warnings: readonly Warning[];
  readonly overload: number;
};

/**
 * - `tolerance`: `usual` ignores a code without a length octet at the very end; `strict` rejects it; `lenient`
 *   also keeps what stands before an option that is longer than the packet, once the message type is known.
 * - `borrow`: the packet then holds views of `bytes`, which must not change while it lives. Without it the octets
 *   are copied once, and the packet may outlive a receive buffer.
 */
export type DecodeOptions = {
  readonly tolerance?: 'strict' | 'usual' | 'lenient';
  readonly borrow?: boolean;
};

const HEADER_SIZE = FIELD.vend;

/** RFC 951: a BOOTP packet has 300 octets. Shorter ones are sent, and answered. */
const USUAL_MINIMUM = 300;

/**
 * Reads the UDP payload of a DHCP or BOOTP message. Never throws, whatever the octets are.
 *
 * Rejects, with these reasons: `short-header` (fewer than 236 octets), `bad-op`, `bad-hlen` (above 16),
 * `option-overrun`, `option-truncated` (when strict), `bad-message-type` (option 53), `bad-requested-ip` (50),
 * `bad-server-id` (54): without a sound 50 or 54 a REQUEST cannot be told from another.
 *
 * Warns and goes on: `short-packet`, `missing-end`, `option-truncated`, `option-overrun` (when lenient),
 * `bad-overload-value`, `suboption-overrun` (kept whole), and for an option whose body its RFC does not allow,
 * which is dropped, the reason of its shape: `text-empty`, `address-length`, … So what is left can be read with
 * `readOption` without a surprise.
 *
 * Sources: RFC 2131 §2 to §4.1, RFC 2132, RFC 3396, RFC 951, RFC 1542 §2.1.
 *
 * @example
 * const result = decode(datagram);
 * if (!result.ok) return count(result.reason);
 * const arch = readOption(result.value.packet.options, 'client-arch');
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Decoded<DecodedPacket> {
  if (bytes.length < HEADER_SIZE) return rejected('short-header');
  if (bytes[FIELD.op] !== 1 && bytes[FIELD.op] !== 2) return rejected('bad-op');
  if (bytes[FIELD.hlen]! > CHADDR_SIZE) return rejected('bad-hlen');
  const own = options.borrow === true ? bytes : new Uint8Array(bytes);

  const warnings: Warning[] = [];
  if (own.length < USUAL_MINIMUM) warnings.push({ reason: 'short-packet' });
  const vend = vendorArea(own);
  if (vend !== 'options') {
    const packet = readHeader(own, 0, new Map());
    packet.vend = vend;
    if (vend === 'unknown') packet.vendBytes = own.subarray(HEADER_SIZE);
    return ok({ packet, warnings, overload: 0 });
  }

  const read = readAreas(own, options.tolerance ?? 'usual', warnings);
  if (!read.ok) return read;
  const { parts, overload } = read.value;
  const joined = assemble(parts, warnings);
  if (!joined.ok) return joined;
  return ok({ packet: readHeader(own, overload, joined.value), warnings, overload });
}

function vendorArea(bytes: Uint8Array): DhcpPacket['vend'] {
  if (bytes.length >= FIELD.options && readU32(bytes, FIELD.vend) === MAGIC_COOKIE) return 'options';
  for (let at = FIELD.vend; at < bytes.length; at++) if (bytes[at] !== 0) return 'unknown';
  return 'none';
}

function readHeader(bytes: Uint8Array, overload: number, options: Options): DhcpPacket {
  return {
    op: bytes[FIELD.op]!,
    htype: bytes[FIELD.htype]!,
    hlen: bytes[FIELD.hlen]!,
    hops: bytes[FIELD.hops]!,
    xid: readU32(bytes, FIELD.xid),
    secs: readU16(bytes, FIELD.secs),
    flags: readU16(bytes, FIELD.flags),
    ciaddr: readU32(bytes, FIELD.ciaddr),
    yiaddr: readU32(bytes, FIELD.yiaddr),
    siaddr: readU32(bytes, FIELD.siaddr),
    giaddr: readU32(bytes, FIELD.giaddr),
    chaddr: bytes.subarray(FIELD.chaddr, FIELD.chaddr + CHADDR_SIZE),
    sname: overload & 2 ? '' : fieldText(bytes, FIELD.sname, SNAME_SIZE),
    file: overload & 1 ? '' : fieldText(bytes, FIELD.file, FILE_SIZE),
    vend: 'options',
    options,
  };
}

/** Up to the first NUL; all of the field when there is none, as some senders fill it. */
function fieldText(bytes: Uint8Array, from: number, size: number): string {
  let end = from;
  while (end < from + size && bytes[end] !== 0) end++;
  return readText(bytes, from, end);
}

/** The options field, then `file`, then `sname`, as option 52 says (RFC 2131 §4.1). */
function readAreas(
  bytes: Uint8Array,
  tolerance: 'strict' | 'usual' | 'lenient',
  warnings: Warning[],
): Decoded<{ parts: Parts; overload: number }> {
  const parts: Parts = new Map();
  function read(from: number, to: number): string | undefined {
    const end = readArea(bytes, [from, to], parts);
    if (end.kind === 'end') return undefined;
    if (end.kind === 'no-end') return void warnings.push({ reason: 'missing-end' });
    const keep =
      end.kind === 'option-truncated' ? tolerance !== 'strict' : tolerance === 'lenient' && parts.has(53);
    if (!keep) return end.kind;
    return void warnings.push({ reason: end.kind, code: end.code });
  }
  const bad = read(FIELD.options, bytes.length);
  if (bad !== undefined) return rejected(bad);
  const overload = takeOverload(parts, warnings);
  const badFile = overload & 1 ? read(FIELD.file, FIELD.file + FILE_SIZE) : undefined;
  const badSname = overload & 2 && !badFile ? read(FIELD.sname, FIELD.sname + SNAME_SIZE) : undefined;
  const badField = badFile ?? badSname;
  if (badField !== undefined) return rejected(badField);
  parts.delete(52); // one inside file or sname says nothing
  return ok({ parts, overload });
}

function takeOverload(parts: Parts, warnings: Warning[]): number {
  const part = parts.get(52);
  if (part === undefined) return 0;
  parts.delete(52);
  const all = Array.isArray(part) ? part : [part];
  const value = all[0]!.length === 1 ? all[0]![0]! : 0;
  if (value >= 1 && value <= 3 && all.every((one) => bytesEqual(one, all[0]!))) return value;
  warnings.push({ reason: 'bad-overload-value', code: 52 });
  return 0;
}

/** A message without a sound one of these cannot be answered rightly. */
const FATAL: Readonly<Record<number, string>> = {
  50: 'bad-requested-ip',
  53: 'bad-message-type',
  54: 'bad-server-id',
};

/** Joins the parts of each option, in their own map, and keeps what its shape can read; or a reason to drop the packet. */
function assemble(parts: Parts, warnings: Warning[]): Decoded<Options> {
  for (const [code, part] of parts) {
    const row = OPTION_BY_CODE[code];
    let body = Array.isArray(part) ? joinParts(code, part) : part;
    let reason = row?.shape.check(body);
    if (reason !== undefined && Array.isArray(part) && part.every((one) => bytesEqual(one, part[0]!))) {
      // Not one long option but the same one again: RFC 3396 §7 knows no such thing, senders do.
      body = part[0]!;
      reason = row?.shape.check(body);
    }
    if (reason !== undefined) {
      if (FATAL[code] !== undefined) return rejected(FATAL[code]);
      warnings.push({ reason, code });
      parts.delete(code);
      continue;
    }
    const damage = row?.shape.warn?.(body);
    if (damage !== undefined) warnings.push({ reason: damage, code });
    if (body !== part) parts.set(code, body);
  }
  return ok(parts as Options); // no list is left
}
