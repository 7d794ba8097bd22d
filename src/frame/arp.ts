import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { formatMac, type Mac } from '../lib/mac.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { BROADCAST_MAC, buildEthernet, ETHERTYPE, sixOctets } from './ethernet.ts';

/** ARP for IPv4 over Ethernet (RFC 826). */
export type Arp = {
  readonly operation: 'request' | 'reply';
  readonly senderMac: Mac;
  readonly senderIp: Ipv4;
  readonly targetMac: Mac;
  readonly targetIp: Ipv4;
};

const LENGTH = 28;
const NO_MAC: Mac = '00:00:00:00:00:00';

/** Reads the payload of an ARP frame. Reasons: `arp-short`, `arp-not-ipv4-ethernet`, `arp-operation`. */
export function parseArp(bytes: Uint8Array): Decoded<Arp> {
  if (bytes.length < LENGTH) return rejected('arp-short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 1 || view.getUint16(2) !== ETHERTYPE.ipv4 || view.getUint16(4) !== 0x0604) {
    return rejected('arp-not-ipv4-ethernet');
  }
  const operation = view.getUint16(6);
  if (operation !== 1 && operation !== 2) return rejected('arp-operation');
  return ok({
    operation: operation === 1 ? 'request' : 'reply',
    senderMac: formatMac(bytes.subarray(8, 14)),
    senderIp: view.getUint32(14),
    targetMac: formatMac(bytes.subarray(18, 24)),
    targetIp: view.getUint32(24),
  });
}

/** The payload of an ARP frame. */
export function buildArp(arp: Arp): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1);
  view.setUint16(2, ETHERTYPE.ipv4);
  view.setUint16(4, 0x0604); // six octets of MAC, four of address
  view.setUint16(6, arp.operation === 'request' ? 1 : 2);
  bytes.set(sixOctets(arp.senderMac), 8);
  view.setUint32(14, arp.senderIp);
  bytes.set(sixOctets(arp.targetMac), 18);
  view.setUint32(24, arp.targetIp);
  return bytes;
}

/** A whole ARP frame: requests go to everybody, replies to their target. */
export function buildArpFrame(arp: Arp): Uint8Array {
  return buildEthernet({
    to: arp.operation === 'request' ? BROADCAST_MAC : arp.targetMac,
    from: arp.senderMac,
    etherType: ETHERTYPE.arp,
    payload: buildArp(arp),
  });
}

/**
 * Asks whether anybody uses `ip`, without claiming an address of one's own: the sender's is 0.0.0.0, so that no cache learns
 * anything from it (RFC 5227 §2.1.1).
 */
export function buildArpProbe(fromMac: Mac, ip: Ipv4): Uint8Array {
  return buildArpFrame({
    operation: 'request',
    senderMac: fromMac,
    senderIp: UNSPECIFIED,
    targetMac: NO_MAC,
    targetIp: ip,
  });
}

/**
 * Does this ARP, seen while `ip` is probed from `ownMac`, say that somebody has or wants it? Any packet from the address does, and
 * so does another host's probe for it (RFC 5227 §2.1.1).
 */
export function showsConflict(arp: Arp, probed: { readonly ip: Ipv4; readonly ownMac: Mac }): boolean {
  if (arp.senderMac === probed.ownMac) return false;
  if (arp.senderIp === probed.ip) return true;
  return arp.operation === 'request' && arp.senderIp === UNSPECIFIED && arp.targetIp === probed.ip;
}
