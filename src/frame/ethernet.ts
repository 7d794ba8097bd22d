import { formatMac, type Mac, macBytes } from '../lib/mac.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';

/** Protocols inside an Ethernet II frame. */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const;

export const BROADCAST_MAC: Mac = 'ff:ff:ff:ff:ff:ff';
export const ETHERNET_HEADER = 14;

/** An Ethernet II frame, without its checksum. */
export type EthernetFrame = {
  readonly to: Mac;
  readonly from: Mac;
  readonly etherType: number;
  readonly payload: Uint8Array;
};

const QTAG = 0x8100;

/**
 * Reads a frame; `payload` is a view and may end with the padding of a short frame. A VLAN tag (802.1Q) is skipped.
 * Reasons: `frame-short`, `frame-not-ethernet-2` (an 802.3 length where the type belongs).
 */
export function parseEthernet(bytes: Uint8Array): Decoded<EthernetFrame> {
  if (bytes.length < ETHERNET_HEADER) return rejected('frame-short');
  let typeAt = 12;
  if (u16(bytes, typeAt) === QTAG) typeAt += 4;
  if (bytes.length < typeAt + 2) return rejected('frame-short');
  const etherType = u16(bytes, typeAt);
  if (etherType < 0x600) return rejected('frame-not-ethernet-2');
  return ok({
    to: formatMac(bytes.subarray(0, 6)),
    from: formatMac(bytes.subarray(6, 12)),
    etherType,
    payload: bytes.subarray(typeAt + 2),
  });
}

/** Lays a frame out. Frames under 60 octets are not padded: the driver does it. Throws RangeError for MACs not of 6 octets. */
export function buildEthernet({ to, from, etherType, payload }: EthernetFrame): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + payload.length);
  frame.set(sixOctets(to), 0);
  frame.set(sixOctets(from), 6);
  frame[12] = etherType >>> 8;
  frame[13] = etherType;
  frame.set(payload, ETHERNET_HEADER);
  return frame;
}

/** The octets of an Ethernet address. Throws RangeError when there are not six. */
export function sixOctets(mac: Mac): Uint8Array {
  const octets = macBytes(mac);
  if (octets.length !== 6) throw new RangeError(`Cannot use "${mac}" as an Ethernet address: not six octets`);
  return octets;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
