import {
  type DhcpPacket,
  decode,
  hardwareAddress,
  messageType,
  Op,
  readOption,
} from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Received } from './exchange.ts';
import type { RomIdentity } from './rom-identity.ts';

/** Both ends of DHCP as a client sees them (RFC 2131 §4.1). */
export const CLIENT_PORT = 68;
export const SERVER_PORT = 67;

/** A message from a server to this machine, about this transaction; undefined for everything else. */
export function dhcpReply(datagram: Received, rom: RomIdentity): DhcpPacket | undefined {
  if (datagram.destinationPort !== CLIENT_PORT) return undefined;
  const decoded = decode(datagram.bytes, { tolerance: 'lenient' });
  if (!decoded.ok) return undefined;
  const { packet } = decoded.value;
  const ours = packet.op === Op.REPLY && packet.xid === rom.xid && hardwareAddress(packet) === rom.mac;
  return ours && messageType(packet) !== undefined ? packet : undefined;
}

/** Servers that know PXE say so; a ROM then need not wait for another one that does (PXE §2.4.3). */
export function isFromPxeServer(packet: DhcpPacket): boolean {
  return readOption(packet.options, 'vendor-class-id')?.startsWith('PXEClient') ?? false;
}

/** The header field, else option 67. */
export function bootFileOf(packet: DhcpPacket): string {
  return packet.file || (readOption(packet.options, 'bootfile-name') ?? '');
}

/** Which server sent it: option 54, else what it wrote into the header. */
export function senderOf(packet: DhcpPacket): Ipv4 {
  return readOption(packet.options, 'server-id') ?? packet.siaddr;
}

/**
 * Where to boot from: only `siaddr` counts for a BIOS ROM, iPXE neither takes option 66 nor the sender's address
 * instead. A string says what is missing.
 */
export function bootSourceOf(packet: DhcpPacket): { readonly server: Ipv4; readonly file: string } | string {
  const file = bootFileOf(packet);
  const sender = formatIpv4(senderOf(packet));
  if (file === '') return `${sender} names no boot file: nothing to boot`;
  if (packet.siaddr === 0) return `${sender} names ${file} but no server for it (siaddr is 0.0.0.0)`;
  return { server: packet.siaddr, file };
}
