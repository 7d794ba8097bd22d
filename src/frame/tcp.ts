import type { Ipv4 } from '../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { internetChecksum } from './checksum.ts';
import { IP_PROTOCOL, type Ipv4Packet } from './ipv4-packet.ts';

/** Control bits (RFC 9293 §3.1). */
export const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** A TCP segment; numbers are 32 bits and go round. */
export type TcpSegment = {
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Of {@link TCP_FLAG}. */
  readonly flags: number;
  readonly window: number;
  /** Maximum segment size, with SYN alone. */
  readonly mss?: number;
  readonly payload: Uint8Array;
};

const HEADER = 20;
const MSS_OPTION = 2;

/**
 * Reads the segment of an IPv4 packet (RFC 9293 §3.1); `payload` is a view. Options but the maximum segment size are passed
 * over. `checksum: 'ignored'` is for frames that a packet socket sees, as in {@link parseUdp}. Reasons: `tcp-protocol`,
 * `tcp-short`, `tcp-offset`, `tcp-checksum`.
 */
export function parseTcp(
  packet: Ipv4Packet,
  { checksum = 'verified' }: { readonly checksum?: 'verified' | 'ignored' } = {},
): Decoded<TcpSegment> {
  const { payload: bytes } = packet;
  if (packet.protocol !== IP_PROTOCOL.tcp) return rejected('tcp-protocol');
  if (bytes.length < HEADER) return rejected('tcp-short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = (bytes[12]! >>> 4) * 4;
  if (headerLength < HEADER || headerLength > bytes.length) return rejected('tcp-offset');
  if (checksum === 'verified' && internetChecksum(bytes, pseudoHeader(packet, bytes.length)) !== 0) {
    return rejected('tcp-checksum');
  }
  const mss = readMss(bytes.subarray(HEADER, headerLength));
  return ok({
    fromPort: view.getUint16(0),
    toPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgment: view.getUint32(8),
    flags: bytes[13]! & 0x3f,
    window: view.getUint16(14),
    ...(mss !== undefined && { mss }),
    payload: bytes.subarray(headerLength),
  });
}

/** Lays a segment out for an IPv4 packet between these addresses. */
export function buildTcp(segment: TcpSegment, between: { from: Ipv4; to: Ipv4 }): Uint8Array {
  const { mss, payload } = segment;
  const headerLength = HEADER + (mss === undefined ? 0 : 4);
  const bytes = new Uint8Array(headerLength + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, segment.fromPort);
  view.setUint16(2, segment.toPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgment);
  bytes[12] = (headerLength / 4) << 4;
  bytes[13] = segment.flags;
  view.setUint16(14, segment.window);
  if (mss !== undefined) {
    view.setUint16(HEADER, (MSS_OPTION << 8) | 4);
    view.setUint16(HEADER + 2, mss);
  }
  bytes.set(payload, headerLength);
  view.setUint16(16, internetChecksum(bytes, pseudoHeader(between, bytes.length)));
  return bytes;
}

/** Options are kind, length, value; 0 ends them, 1 fills. */
function readMss(options: Uint8Array): number | undefined {
  for (let at = 0; at < options.length; ) {
    const kind = options[at]!;
    if (kind === 0) return undefined;
    const length = kind === 1 ? 1 : (options[at + 1] ?? 0);
    if (length === 0) return undefined;
    if (kind === MSS_OPTION && length === 4 && at + 4 <= options.length) {
      return (options[at + 2]! << 8) | options[at + 3]!;
    }
    at += length;
  }
  return undefined;
}

function pseudoHeader({ from, to }: { from: Ipv4; to: Ipv4 }, length: number): number {
  return (from >>> 16) + (from & 0xffff) + (to >>> 16) + (to & 0xffff) + IP_PROTOCOL.tcp + length;
}
