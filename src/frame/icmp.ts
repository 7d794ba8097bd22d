import type { Ipv4 } from '../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { internetChecksum } from './checksum.ts';

/** An ICMP echo message (RFC 792). */
export type IcmpEcho = {
  readonly kind: 'request' | 'reply';
  readonly id: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
};

const HEADER = 8;
const TYPE = { reply: 0, request: 8 } as const;

/** Reads an echo request or reply; `payload` is a view. Reasons: `icmp-short`, `icmp-not-echo`, `icmp-checksum`. */
export function parseIcmpEcho(bytes: Uint8Array): Decoded<IcmpEcho> {
  if (bytes.length < HEADER) return rejected('icmp-short');
  const type = bytes[0]!;
  if ((type !== TYPE.reply && type !== TYPE.request) || bytes[1] !== 0) return rejected('icmp-not-echo');
  if (internetChecksum(bytes) !== 0) return rejected('icmp-checksum');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return ok({
    kind: type === TYPE.request ? 'request' : 'reply',
    id: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: bytes.subarray(HEADER),
  });
}

/** Lays an echo message out, checksum included. */
export function buildIcmpEcho({ kind, id, sequence, payload }: IcmpEcho): Uint8Array {
  const bytes = new Uint8Array(HEADER + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = TYPE[kind];
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  bytes.set(payload, HEADER);
  view.setUint16(2, internetChecksum(bytes));
  return bytes;
}

/** What ICMP says of a datagram that did not arrive (RFC 792, type 3). */
export type IcmpUnreachable = {
  /** 3: nobody has that port. */
  readonly code: number;
  /** Of the datagram: its protocol, addresses and ports. */
  readonly protocol: number;
  readonly from: Ipv4;
  readonly to: Ipv4;
  readonly fromPort: number;
  readonly toPort: number;
};

const UNREACHABLE = 3;
const IP_HEADER = 20;

/**
 * Reads a "destination unreachable" with the beginning of the datagram that it is about, as far as its ports. Reasons: `icmp-short`,
 * `icmp-not-unreachable`, `icmp-checksum`, `icmp-quote` (no IPv4 header in it).
 */
export function parseIcmpUnreachable(bytes: Uint8Array): Decoded<IcmpUnreachable> {
  if (bytes.length < HEADER + IP_HEADER + 4) return rejected('icmp-short');
  if (bytes[0] !== UNREACHABLE) return rejected('icmp-not-unreachable');
  if (internetChecksum(bytes) !== 0) return rejected('icmp-checksum');
  const quote = bytes.subarray(HEADER);
  const headerLength = (quote[0]! & 15) * 4;
  if (quote[0]! >>> 4 !== 4 || headerLength < IP_HEADER || headerLength + 4 > quote.length) {
    return rejected('icmp-quote');
  }
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  return ok({
    code: bytes[1]!,
    protocol: quote[9]!,
    from: view.getUint32(12),
    to: view.getUint32(16),
    fromPort: view.getUint16(headerLength),
    toPort: view.getUint16(headerLength + 2),
  });
}
