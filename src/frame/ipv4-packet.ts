import type { Ipv4 } from '../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { internetChecksum } from './checksum.ts';

/** Protocols inside an IPv4 packet. */
export const IP_PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

export type Ipv4Packet = {
  readonly from: Ipv4;
  readonly to: Ipv4;
  readonly protocol: number;
  readonly payload: Uint8Array;
};

const HEADER = 20;
const DEFAULT_TTL = 64;
const FRAGMENT = 0x3fff; // more-fragments flag and offset

/**
 * Reads an IPv4 packet (RFC 791); `payload` is a view, without an Ethernet frame's padding. Reasons: `ipv4-short`,
 * `ipv4-version`, `ipv4-header-length`, `ipv4-total-length`, `ipv4-checksum`, `ipv4-fragment` (we do not reassemble).
 */
export function parseIpv4Packet(bytes: Uint8Array): Decoded<Ipv4Packet> {
  if (bytes.length < HEADER) return rejected('ipv4-short');
  if (bytes[0]! >>> 4 !== 4) return rejected('ipv4-version');
  const headerLength = (bytes[0]! & 15) * 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const totalLength = view.getUint16(2);
  if (headerLength < HEADER || headerLength > bytes.length) return rejected('ipv4-header-length');
  if (totalLength < headerLength || totalLength > bytes.length) return rejected('ipv4-total-length');
  if (internetChecksum(bytes.subarray(0, headerLength)) !== 0) return rejected('ipv4-checksum');
  if ((view.getUint16(6) & FRAGMENT) !== 0) return rejected('ipv4-fragment');
  return ok({
    from: view.getUint32(12),
    to: view.getUint32(16),
    protocol: bytes[9]!,
    payload: bytes.subarray(headerLength, totalLength),
  });
}

/** Lays an IPv4 packet out, header checksum included, never to be fragmented. Throws RangeError past 65,535 octets. */
export function buildIpv4Packet({ from, to, protocol, payload }: Ipv4Packet): Uint8Array {
  const length = HEADER + payload.length;
  if (length > 0xffff) throw new RangeError(`Cannot build an IPv4 packet of ${length} octets`);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, length);
  view.setUint16(6, 0x4000); // don't fragment: so the identification may stay 0 (RFC 6864 §4.1)
  bytes[8] = DEFAULT_TTL;
  bytes[9] = protocol;
  view.setUint32(12, from);
  view.setUint32(16, to);
  view.setUint16(10, internetChecksum(bytes.subarray(0, HEADER)));
  bytes.set(payload, HEADER);
  return bytes;
}
