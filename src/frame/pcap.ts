import { type Decoded, ok, rejected } from '../lib/result.ts';
import { LINK_TYPE } from './link-type.ts';

/** A packet of a capture. */
export type CapturedPacket = {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  /** See {@link LINK_TYPE}. */
  readonly linkType: number;
  /** As much of it as was kept. */
  readonly bytes: Uint8Array;
  /** Octets that it had on the wire. */
  readonly wireLength: number;
};

/** What was read of a capture file. */
export type CaptureFile = {
  readonly packets: readonly CapturedPacket[];
  /** Why the rest was not read, when the file ends or breaks in the middle. */
  readonly broken?: string;
};

const HEADER = 24;
const RECORD = 16;
const MICROSECONDS = 0xa1b2_c3d4;
const NANOSECONDS = 0xa1b2_3c4d;
/** As large as libpcap lets a packet be. */
export const MOST_SNAPLEN = 262_144;

/** The beginning of a capture file of whole Ethernet frames: little-endian, microseconds, version 2.4. */
export function pcapHeader(linkType: number = LINK_TYPE.ethernet): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER));
  view.setUint32(0, MICROSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, MOST_SNAPLEN, true);
  view.setUint32(20, linkType, true);
  return new Uint8Array(view.buffer);
}

/** One packet, to stand behind {@link pcapHeader} and others. */
export function pcapRecord({ at, bytes, wireLength }: Omit<CapturedPacket, 'linkType'>): Uint8Array {
  const record = new Uint8Array(RECORD + bytes.length);
  const view = new DataView(record.buffer);
  const micros = Math.round(at * 1000);
  view.setUint32(0, Math.floor(micros / 1_000_000), true);
  view.setUint32(4, micros % 1_000_000, true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, wireLength, true);
  record.set(bytes, RECORD);
  return record;
}

/** Is it a file of the older format, in either order of octets and of either resolution? */
export function isPcap(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && orderOf(bytes) !== undefined;
}

type Order = { readonly little: boolean; readonly perMs: number };

function orderOf(bytes: Uint8Array): Order | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === MICROSECONDS) return { little, perMs: 1000 };
    if (magic === NANOSECONDS) return { little, perMs: 1_000_000 };
  }
  return undefined;
}

/**
 * Reads a file of the older format (pcap-savefile(5)); packets are views. Reasons: `pcap-magic`, `pcap-short`. Broken further
 * on: `record-short` (cut off in the middle of a packet), `record-length` (no packet is as long).
 */
export function readPcap(bytes: Uint8Array): Decoded<CaptureFile> {
  const order = bytes.length >= 4 ? orderOf(bytes) : undefined;
  if (!order) return rejected('pcap-magic');
  if (bytes.length < HEADER) return rejected('pcap-short');
  const { little, perMs } = order;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The upper bits tell of checksums at the end of each frame.
  const linkType = view.getUint32(20, little) & 0xffff;
  const packets: CapturedPacket[] = [];
  let at = HEADER;
  while (at < bytes.length) {
    if (at + RECORD > bytes.length) return ok({ packets, broken: 'record-short' });
    const kept = view.getUint32(at + 8, little);
    if (kept > MOST_SNAPLEN) return ok({ packets, broken: 'record-length' });
    if (at + RECORD + kept > bytes.length) return ok({ packets, broken: 'record-short' });
    packets.push({
      at: view.getUint32(at, little) * 1000 + view.getUint32(at + 4, little) / perMs,
      linkType,
      bytes: bytes.subarray(at + RECORD, at + RECORD + kept),
      wireLength: Math.max(kept, view.getUint32(at + 12, little)),
    });
    at += RECORD + kept;
  }
  return ok({ packets });
}
