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
