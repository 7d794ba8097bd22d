import { type Decoded, ok, rejected } from '../lib/result.ts';
import { type CapturedPacket, type CaptureFile, isPcap, MOST_SNAPLEN, readPcap } from './pcap.ts';

/** Kinds of blocks (draft-ietf-opsawg-pcapng). */
const BLOCK = { section: 0x0a0d_0d0a, interface: 1, oldPacket: 2, simplePacket: 3, packet: 6 } as const;

const BYTE_ORDER = 0x1a2b_3c4d;
/** Type, length, and the length again. */
const LEAST = 12;
const MOST_BLOCK = MOST_SNAPLEN + 65_536;
/** Of a file that somebody made up. */
const MOST_INTERFACES = 65_536;
/** The end of the year 9999: what is later, or before 1970, no clock has said, and dates cannot say. */
const LATEST_MS = 253_402_300_799_999;

/** Reads a capture of either format. Reasons: `not-a-capture`, and those of {@link readPcap} and {@link readPcapng}. */
export function readCapture(bytes: Uint8Array): Decoded<CaptureFile> {
  if (isPcap(bytes)) return readPcap(bytes);
  return isPcapng(bytes) ? readPcapng(bytes) : rejected('not-a-capture');
}

function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === BLOCK.section;
}

/** A network card of the section: what its packets are, and how their times count. */
type Card = { readonly linkType: number; readonly snaplen: number; readonly toMs: (ticks: bigint) => number };

type Section = { readonly little: boolean; readonly cards: Card[] };

/**
 * Reads what Wireshark writes. Packets are views; blocks of other kinds are skipped. Reasons: `pcapng-magic`. Broken further
 * on: `block-short`, `block-length`, `byte-order`, `no-interface`, `packet-short`, `packet-time`, `too-many-interfaces`.
 */
export function readPcapng(bytes: Uint8Array): Decoded<CaptureFile> {
  if (!isPcapng(bytes)) return rejected('pcapng-magic');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: CapturedPacket[] = [];
  let section: Section = { little: true, cards: [] };
  for (let at = 0; at < bytes.length; ) {
    if (at + LEAST > bytes.length) return ok({ packets, broken: 'block-short' });
    // The same in either order of octets.
    if (view.getUint32(at) === BLOCK.section) {
      const little = view.getUint32(at + 8, true) === BYTE_ORDER;
      if (!little && view.getUint32(at + 8) !== BYTE_ORDER) return ok({ packets, broken: 'byte-order' });
      section = { little, cards: [] };
    }
    const { little } = section;
    const length = view.getUint32(at + 4, little);
    if (length < LEAST || length % 4 !== 0 || length > MOST_BLOCK)
      return ok({ packets, broken: 'block-length' });
    if (at + length > bytes.length) return ok({ packets, broken: 'block-short' });
    const body = bytes.subarray(at + 8, at + length - 4);
    const broken = takeBlock(view.getUint32(at, little), body, { section, packets });
    if (broken) return ok({ packets, broken });
    at += length;
  }
  return ok({ packets });
}

type Reading = { readonly section: Section; readonly packets: CapturedPacket[] };

/** Why it could not be taken, if so. */
function takeBlock(type: number, body: Uint8Array, { section, packets }: Reading): string | undefined {
  switch (type) {
    case BLOCK.interface: {
      const card = readCard(body, section.little);
      if (!card) return 'block-short';
      if (section.cards.length >= MOST_INTERFACES) return 'too-many-interfaces';
      section.cards.push(card);
      return undefined;
    }
    case BLOCK.packet:
    case BLOCK.oldPacket:
    case BLOCK.simplePacket: {
      const packet =
        type === BLOCK.simplePacket ? simplePacket(body, section) : packetOf(body, type, section);
      if (typeof packet === 'string') return packet;
      packets.push(packet);
      return undefined;
    }
    default:
      return undefined;
  }
}

function readCard(body: Uint8Array, little: boolean): Card | undefined {
  if (body.length < 8) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const { resolution, offsetSeconds } = timesOf(view, little);
  return {
    linkType: view.getUint16(0, little),
    snaplen: view.getUint32(4, little) || MOST_SNAPLEN,
    toMs: (ticks) => offsetSeconds * 1000 + ticksToMs(ticks, resolution),
  };
}

/** Options if_tsresol (9), a power of ten, or of two with the highest bit; and if_tsoffset (14), seconds. */
function timesOf(view: DataView, little: boolean) {
  let resolution = 6;
  let offsetSeconds = 0;
  for (let at = 8; at + 4 <= view.byteLength; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || at + 4 + length > view.byteLength) break;
    if (code === 9 && length === 1) resolution = view.getUint8(at + 4);
    if (code === 14 && length === 8) offsetSeconds = Number(view.getBigInt64(at + 4, little));
    at += 4 + ((length + 3) & ~3);
  }
  return { resolution, offsetSeconds };
}

function ticksToMs(ticks: bigint, resolution: number): number {
  const power = BigInt(resolution & 0x7f);
  const perSecond = resolution & 0x80 ? 2n ** power : 10n ** power;
  // Whole seconds first: the ticks since 1970 are more than a double can tell apart.
  return Number(ticks / perSecond) * 1000 + (Number(ticks % perSecond) / Number(perSecond)) * 1000;
}

/** The newer block has the interface in 32 bits, the older one in 16, with a count of lost packets behind it. */
function packetOf(body: Uint8Array, type: number, { little, cards }: Section): CapturedPacket | string {
  if (body.length < 20) return 'packet-short';
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const card = cards[type === BLOCK.packet ? view.getUint32(0, little) : view.getUint16(0, little)];
  if (!card) return 'no-interface';
  const kept = view.getUint32(12, little);
  if (20 + kept > body.length) return 'packet-short';
  const ticks = (BigInt(view.getUint32(4, little)) << 32n) | BigInt(view.getUint32(8, little));
  const at = card.toMs(ticks);
  if (!(at >= 0 && at <= LATEST_MS)) return 'packet-time';
  return {
    at,
    linkType: card.linkType,
    bytes: body.subarray(20, 20 + kept),
    wireLength: Math.max(kept, view.getUint32(16, little)),
  };
}

/** Of the first interface, and without a time. */
function simplePacket(body: Uint8Array, { little, cards }: Section): CapturedPacket | string {
  const card = cards[0];
  if (!card) return 'no-interface';
  if (body.length < 4) return 'packet-short';
  const wireLength = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0, little);
  const kept = Math.min(wireLength, card.snaplen, body.length - 4);
  return { at: 0, linkType: card.linkType, bytes: body.subarray(4, 4 + kept), wireLength };
}
