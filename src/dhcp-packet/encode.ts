import { requireInteger, writeBytes, writeText, writeU16, writeU32 } from './octets.ts';
import { MINIMUM_BUDGET } from './option-access.ts';
import { emitOrder } from './option-order.ts';
import {
  CHADDR_SIZE,
  type DhcpPacket,
  FIELD,
  FILE_SIZE,
  MAGIC_COOKIE,
  type Options,
  SNAME_SIZE,
} from './packet.ts';
import { type Dropped, MAX_PART, type Piece, type Placement, placeOptions } from './place-options.ts';

/**
 * What the receiver can take.
 *
 * - `maxSize`: octets of UDP payload, 300 to 65507; 548 when absent, which every client takes. See `replyBudget`.
 * - `minSize`: zeros follow up to here, 300 when absent: RFC 951 packets have 300 octets, and relays and old
 *   clients drop shorter ones (RFC 1542 §2.1).
 * - `mayOverload`: options may move into `file` and `sname` (option 52). Never towards PXE and HTTP clients: EDK2,
 *   GRUB and shim read the header fields as they are.
 * - `maySplit`: an option may be sent in parts (RFC 3396). Only to a receiver that joins them: EDK2 does not.
 * - `keep`: codes that are left out last, the most needed first; all others behind them in the usual order.
 * - `order`: `usual` sorts options as servers do; `map` keeps the map's order. 82 is last in both.
 */
export type EncodeLimits = {
  readonly maxSize?: number;
  readonly minSize?: number;
  readonly mayOverload?: boolean;
  readonly maySplit?: boolean;
  readonly order?: 'usual' | 'map';
  readonly keep?: readonly number[];
};

/** `dropped` names the options that did not fit; `overload` is the value of option 52, 0 without one. */
export type EncodeReport = {
  readonly bytes: Uint8Array;
  readonly dropped: readonly Dropped[];
  readonly overload: number;
};

/** RFC 951 packets: 236 octets of header and 64 of vendor area. */
const BOOTP_SIZE = 300;
const MAX_UDP_PAYLOAD = 65_507;

const OVERLOADS = [0, 1, 3] as const;
const NO_OVERLOAD = [0] as const;
const NO_ROOM = new Uint8Array(0);

/** What a field of one, two, four octets holds. */
const U8 = [0, 255] as const;
const U16 = [0, 0xffff] as const;
const U32 = [0, 0xffff_ffff] as const;

/** Everything decided before the first octet is written. With `whole`, nothing lies in `areas`. */
type Plan = Placement & {
  readonly overload: number;
  readonly options: Options;
  readonly size: number;
  /** All options, in this order and each in one piece, in the options field. */
  readonly whole?: readonly number[];
};

/**
 * The octets of a packet: at least `minSize`, at most `maxSize`. Options that do not fit are left out, the least
 * needed first; {@link encodeReport} says which.
 *
 * Throws RangeError for a field that its octets cannot hold: numbers out of range, `sname` beyond 64 or `file`
 * beyond 128 characters or beyond latin1, limits that contradict each other.
 *
 * @example
 * socket.send(encode(offer, { maxSize: replyBudget(request.options, 1500) }));
 */
export function encode(packet: DhcpPacket, limits: EncodeLimits = {}): Uint8Array {
  return encodeReport(packet, limits).bytes;
}

/**
 * As {@link encode}, and says what was left out. With `into`, where there is room, `bytes` is a view of its start: for
 * a sender that is done with one packet before the next.
 */
export function encodeReport(
  packet: DhcpPacket,
  limits: EncodeLimits = {},
  into: Uint8Array = NO_ROOM,
): EncodeReport {
  const plan = makePlan(packet, limits);
  const bytes = plan.size <= into.length ? into.subarray(0, plan.size).fill(0) : new Uint8Array(plan.size);
  write(packet, plan, bytes);
  return { bytes, dropped: plan.dropped, overload: plan.overload };
}

/** How many octets {@link encode} would give. */
export function encodingLength(packet: DhcpPacket, limits: EncodeLimits = {}): number {
  return makePlan(packet, limits).size;
}

/** Writes at the start of `out`, returns how many octets. Throws RangeError when `out` is too small. */
export function encodeInto(packet: DhcpPacket, out: Uint8Array, limits: EncodeLimits = {}): number {
  const plan = makePlan(packet, limits);
  if (out.length < plan.size) {
    throw new RangeError(`Cannot encode: ${plan.size} octets are needed, ${out.length} are there`);
  }
  write(packet, plan, out.fill(0, 0, plan.size));
  return plan.size;
}

function makePlan(packet: DhcpPacket, limits: EncodeLimits): Plan {
  const maxSize = requireInteger('maxSize', limits.maxSize ?? MINIMUM_BUDGET, [BOOTP_SIZE, MAX_UDP_PAYLOAD]);
  const minSize = requireInteger('minSize', limits.minSize ?? BOOTP_SIZE, [0, maxSize]);
  for (const code of packet.options.keys()) requireInteger('an option code', code, U8);
  if (packet.vend !== 'options') return planWithoutOptions(packet, maxSize, minSize);
  const whole = planWhole(packet, { maxSize, minSize }, limits);
  if (whole) return whole;
  let best: Plan | undefined;
  for (const overload of limits.mayOverload === true ? OVERLOADS : NO_OVERLOAD) {
    const plan = planOverload(packet, { overload, maxSize, minSize }, limits);
    if (plan && (best === undefined || plan.dropped.length < best.dropped.length)) best = plan;
    if (best?.dropped.length === 0) break;
  }
  return best!; // the plan without overload always exists
}

function planWithoutOptions(packet: DhcpPacket, maxSize: number, minSize: number): Plan {
  const dropped = [...packet.options.keys()].map((code): Dropped => ({ code, reason: 'no-vendor-area' }));
  const size = FIELD.vend + (packet.vend === 'unknown' ? (packet.vendBytes?.length ?? 0) : 0);
  if (size > maxSize) throw new RangeError(`Cannot encode: a vendor area of ${size - FIELD.vend} octets`);
  return { areas: [], dropped, overload: 0, options: new Map(), size: Math.max(size, minSize) };
}

/** The usual case, and the quick one: everything fits as it is; undefined when it does not. */
function planWhole(
  { options }: DhcpPacket,
  { maxSize, minSize }: { maxSize: number; minSize: number },
  { order = 'usual' }: EncodeLimits,
): Plan | undefined {
  const whole = emitOrder(options, order);
  let size = FIELD.options + 1;
  for (const code of whole) {
    const { length } = options.get(code)!;
    if (length > MAX_PART) return undefined;
    size += 2 + length;
  }
  if (size > maxSize) return undefined;
  return { whole, areas: [], dropped: [], overload: 0, options, size: Math.max(size, minSize) };
}

/** undefined when the boot file or the server's name would get lost on the way out of its field. */
function planOverload(
  packet: DhcpPacket,
  wanted: { overload: number; maxSize: number; minSize: number },
  limits: EncodeLimits,
): Plan | undefined {
  const { overload } = wanted;
  const options = overload === 0 ? packet.options : new Map(packet.options);
  // RFC 2132 §9.4, §9.5: what the field said moves to option 67 or 66, unless that is there already.
  if (overload & 1 && packet.file !== '' && !options.has(67)) options.set(67, terminated(packet.file));
  if (overload & 2 && packet.sname !== '' && !options.has(66)) options.set(66, terminated(packet.sname));
  const room = [wanted.maxSize - FIELD.options - 1 - (overload ? 3 : 0)];
  if (overload & 1) room.push(FILE_SIZE - 1);
  if (overload & 2) room.push(SNAME_SIZE - 1);
  const placement = placeOptions(options, room, {
    maySplit: limits.maySplit === true,
    order: limits.order ?? 'usual',
    keep: limits.keep,
  });
  const lost = placement.dropped.some(({ code }) => !packet.options.has(code));
  if (lost) return undefined;
  const used = FIELD.options + 1 + (overload ? 3 : 0) + piecesSize(placement.areas[0] ?? []);
  return { ...placement, overload, options, size: Math.max(used, wanted.minSize) };
}

function terminated(text: string): Uint8Array {
  const body = new Uint8Array(text.length + 1);
  writeText(body, 0, text);
  return body;
}

function piecesSize(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + 2 + piece.to - piece.from, 0);
}

/** `out` is zero from its start to `plan.size`. */
function write(packet: DhcpPacket, plan: Plan, out: Uint8Array): void {
  writeHeader(packet, out);
  if (plan.whole) {
    writeField(out, packet.file, { name: 'file', at: FIELD.file, size: FILE_SIZE });
    writeField(out, packet.sname, { name: 'sname', at: FIELD.sname, size: SNAME_SIZE });
    writeU32(out, FIELD.vend, MAGIC_COOKIE);
    writeWhole(out, plan.whole, plan.options);
    return;
  }
  const [main, file, sname] = plan.areas;
  if (plan.overload & 1) writeArea(out, FIELD.file, { pieces: file ?? [], options: plan.options });
  else writeField(out, packet.file, { name: 'file', at: FIELD.file, size: FILE_SIZE });
  if (plan.overload & 2) writeArea(out, FIELD.sname, { pieces: sname ?? [], options: plan.options });
  else writeField(out, packet.sname, { name: 'sname', at: FIELD.sname, size: SNAME_SIZE });
  if (packet.vend === 'unknown') writeBytes(out, FIELD.vend, packet.vendBytes ?? new Uint8Array());
  if (packet.vend !== 'options' || main === undefined) return;
  writeU32(out, FIELD.vend, MAGIC_COOKIE);
  writeArea(out, FIELD.options, { pieces: main, options: plan.options, overload: plan.overload });
}

function writeHeader(packet: DhcpPacket, out: Uint8Array): void {
  out[FIELD.op] = requireInteger('op', packet.op, [1, 2]);
  out[FIELD.htype] = requireInteger('htype', packet.htype, U8);
  out[FIELD.hlen] = requireInteger('hlen', packet.hlen, [0, CHADDR_SIZE]);
  out[FIELD.hops] = requireInteger('hops', packet.hops, U8);
  writeU32(out, FIELD.xid, requireInteger('xid', packet.xid, U32));
  writeU16(out, FIELD.secs, requireInteger('secs', packet.secs, U16));
  writeU16(out, FIELD.flags, requireInteger('flags', packet.flags, U16));
  writeU32(out, FIELD.ciaddr, requireInteger('ciaddr', packet.ciaddr, U32));
  writeU32(out, FIELD.yiaddr, requireInteger('yiaddr', packet.yiaddr, U32));
  writeU32(out, FIELD.siaddr, requireInteger('siaddr', packet.siaddr, U32));
  writeU32(out, FIELD.giaddr, requireInteger('giaddr', packet.giaddr, U32));
  if (packet.chaddr.length > CHADDR_SIZE) {
    throw new RangeError(`Cannot encode chaddr: ${packet.chaddr.length} octets, 16 fit`);
  }
  writeBytes(out, FIELD.chaddr, packet.chaddr);
}

function writeField(
  out: Uint8Array,
  text: string,
  field: { readonly name: string; readonly at: number; readonly size: number },
): void {
  if (text.length > field.size) {
    throw new RangeError(`Cannot encode ${field.name}: ${text.length} characters, ${field.size} fit`);
  }
  writeText(out, field.at, text);
}

/** Tags and the end mark; option 52, when there is one, behind the first tag, which is the message type. */
function writeArea(
  out: Uint8Array,
  at: number,
  area: { readonly pieces: readonly Piece[]; readonly options: Options; readonly overload?: number },
): void {
  let first = true;
  const overload = area.overload ?? 0;
  for (const { code, from, to } of area.pieces) {
    if (overload && first && code !== 53) at = writeOverload(out, at, overload);
    out[at] = code;
    out[at + 1] = to - from;
    at = writePart(out, at + 2, { body: area.options.get(code)!, from, to });
    if (overload && first && code === 53) at = writeOverload(out, at, overload);
    first = false;
  }
  if (overload && first) at = writeOverload(out, at, overload);
  out[at] = 255;
}

function writeWhole(out: Uint8Array, codes: readonly number[], options: Options): void {
  let at: number = FIELD.options;
  for (const code of codes) {
    const body = options.get(code)!;
    out[at] = code;
    out[at + 1] = body.length;
    at += 2;
    for (let i = 0; i < body.length; i++) out[at++] = body[i]!;
  }
  out[at] = 255;
}

/** Octet by octet: bodies are short, and a view of each costs more than it saves. */
function writePart(
  out: Uint8Array,
  at: number,
  { body, from, to }: { readonly body: Uint8Array; readonly from: number; readonly to: number },
): number {
  for (let i = from; i < to; i++) out[at++] = body[i]!;
  return at;
}

function writeOverload(out: Uint8Array, at: number, overload: number): number {
  out[at] = 52;
  out[at + 1] = 1;
  out[at + 2] = overload;
  return at + 3;
}
