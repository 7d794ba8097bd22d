import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { internetChecksum } from './checksum.ts';
import { buildEthernet, ETHERTYPE, parseEthernet } from './ethernet.ts';
import { buildIpv4Packet, IP_PROTOCOL, type Ipv4Packet, parseIpv4Packet } from './ipv4-packet.ts';

export type UdpDatagram = {
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Uint8Array;
};

/** A datagram with all its addresses, as it crosses an Ethernet. */
export type UdpFrame = UdpDatagram & {
  readonly fromMac: Mac;
  readonly toMac: Mac;
  readonly from: Ipv4;
  readonly to: Ipv4;
};

const HEADER = 8;

/**
 * `checksum: 'ignored'`: for frames that a packet socket sees. What another system of the same machine sends, or a virtual
 * card hands over, has no checksum yet: the hardware that was to make it is not there.
 */
export type UdpChecks = { readonly checksum?: 'verified' | 'ignored' };

/**
 * Reads the UDP datagram of an IPv4 packet (RFC 768); `payload` is a view. A checksum of 0 means that the sender made none.
 * Reasons: `udp-protocol`, `udp-short`, `udp-length`, `udp-checksum`.
 */
export function parseUdp(
  packet: Ipv4Packet,
  { checksum = 'verified' }: UdpChecks = {},
): Decoded<UdpDatagram> {
  const { payload: bytes } = packet;
  if (packet.protocol !== IP_PROTOCOL.udp) return rejected('udp-protocol');
  if (bytes.length < HEADER) return rejected('udp-short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(4);
  if (length < HEADER || length > bytes.length) return rejected('udp-length');
  const datagram = bytes.subarray(0, length);
  const made = view.getUint16(6) !== 0 && checksum === 'verified';
  if (made && internetChecksum(datagram, pseudoHeader(packet, length)) !== 0) {
    return rejected('udp-checksum');
  }
  return ok({
    fromPort: view.getUint16(0),
    toPort: view.getUint16(2),
    payload: datagram.subarray(HEADER),
  });
}

/** Lays a UDP datagram out for an IPv4 packet between these addresses. */
export function buildUdp(datagram: UdpDatagram, between: { from: Ipv4; to: Ipv4 }): Uint8Array {
  const length = HEADER + datagram.payload.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, datagram.fromPort);
  view.setUint16(2, datagram.toPort);
  view.setUint16(4, length);
  bytes.set(datagram.payload, HEADER);
  // A sum of 0 is sent as ones, because 0 says "no checksum" (RFC 768).
  view.setUint16(6, internetChecksum(bytes, pseudoHeader(between, length)) || 0xffff);
  return bytes;
}

/**
 * A whole Ethernet frame around a payload: how a DHCP server reaches a client that has no address yet and so cannot
 * answer ARP (RFC 2131 §4.1). The frame's addresses are the caller's business entirely.
 */
export function buildUdpFrame(frame: UdpFrame): Uint8Array {
  const payload = buildUdp(frame, frame);
  return buildEthernet({
    to: frame.toMac,
    from: frame.fromMac,
    etherType: ETHERTYPE.ipv4,
    payload: buildIpv4Packet({ from: frame.from, to: frame.to, protocol: IP_PROTOCOL.udp, payload }),
  });
}

/** Reads what {@link buildUdpFrame} lays out. Reasons: those of the three layers, and `frame-not-ipv4`. */
export function parseUdpFrame(bytes: Uint8Array, checks?: UdpChecks): Decoded<UdpFrame> {
  const ethernet = parseEthernet(bytes);
  if (!ethernet.ok) return ethernet;
  if (ethernet.value.etherType !== ETHERTYPE.ipv4) return rejected('frame-not-ipv4');
  const packet = parseIpv4Packet(ethernet.value.payload);
  if (!packet.ok) return packet;
  const datagram = parseUdp(packet.value, checks);
  if (!datagram.ok) return datagram;
  return ok({
    ...datagram.value,
    fromMac: ethernet.value.from,
    toMac: ethernet.value.to,
    from: packet.value.from,
    to: packet.value.to,
  });
}

/** Sum of the pseudo header: addresses, protocol, length. */
function pseudoHeader({ from, to }: { from: Ipv4; to: Ipv4 }, length: number): number {
  return (from >>> 16) + (from & 0xffff) + (to >>> 16) + (to & 0xffff) + IP_PROTOCOL.udp + length;
}
