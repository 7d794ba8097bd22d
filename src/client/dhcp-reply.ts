import {
  type DhcpPacket,
  decode,
  hardwareAddress,
  messageType,
  Op,
  readOption,
  readPxe,
} from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4, parseIpv4 } from '../lib/ipv4.ts';
import type { Received } from './exchange.ts';
import type { Firmware, RomIdentity } from './rom-identity.ts';

/** Both ends of DHCP as a client sees them (RFC 2131 §4.1). */
export const CLIENT_PORT = 68;
export const SERVER_PORT = 67;

/** A DHCP message from a server to this machine, about this transaction; undefined for everything else. */
export function dhcpReply(datagram: Received, rom: RomIdentity): DhcpPacket | undefined {
  const packet = replyOf(datagram, rom);
  return packet && messageType(packet) !== undefined ? packet : undefined;
}

/** Any BOOTREPLY to this machine, with or without a message type. A relay's machine hears what its relay hears. */
export function replyOf(datagram: Received, rom: RomIdentity): DhcpPacket | undefined {
  const port = rom.via === undefined ? CLIENT_PORT : SERVER_PORT;
  if (datagram.destinationPort !== port) return undefined;
  return ownReply(datagram.bytes, rom);
}

/** What a server sent to this machine, to whatever port. */
export function ownReply(bytes: Uint8Array, rom: RomIdentity): DhcpPacket | undefined {
  // A copy: the packet's options are views, and outlive the datagram.
  const decoded = decode(bytes.slice(), { tolerance: 'lenient' });
  if (!decoded.ok) return undefined;
  const { packet } = decoded.value;
  return packet.op === Op.REPLY && packet.xid === rom.xid && hardwareAddress(packet) === rom.mac
    ? packet
    : undefined;
}

/** Servers that know PXE say so; a ROM then need not wait for another one that does (PXE §2.4.3). */
export function isFromPxeServer(packet: DhcpPacket): boolean {
  return readOption(packet.options, 'vendor-class-id')?.startsWith('PXEClient') ?? false;
}

/** Servers that know UEFI's HTTP boot; EDK2 takes no URL from others (HttpBootDhcp4.c). */
export function isFromHttpServer(packet: DhcpPacket): boolean {
  return readOption(packet.options, 'vendor-class-id')?.startsWith('HTTPClient') ?? false;
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
 * Where to boot from. For a BIOS ROM and iPXE only `siaddr` counts: neither takes option 66 nor the sender's address
 * instead. EDK2 does, in this order (PxeBcBoot.c). A URL says it all. A string says what is missing.
 */
export function bootSourceOf(
  packet: DhcpPacket,
  firmware: Firmware = 'bios',
): { readonly server: Ipv4; readonly file: string } | string {
  const file = bootFileOf(packet);
  const sender = formatIpv4(senderOf(packet));
  if (file === '') return `${sender} names no boot file: nothing to boot`;
  if (/^[a-z]+:\/\//i.test(file)) return { server: packet.siaddr, file };
  if (firmware === 'http') return `${sender} names ${file}, which is no URL`;
  const server = firmware === 'uefi' ? uefiServerOf(packet) : packet.siaddr;
  if (server === 0) return `${sender} names ${file} but no server for it (siaddr is 0.0.0.0)`;
  return { server, file };
}

function uefiServerOf(packet: DhcpPacket): Ipv4 {
  const { options, siaddr } = packet;
  const values = isFromPxeServer(packet) ? readPxe(options)?.values : undefined;
  const listed =
    ((values?.discoveryControl ?? 0) & 8) !== 0 ? values?.bootServers?.[0]?.servers[0] : undefined;
  const named = readOption(options, 'tftp-server-name') ?? packet.sname;
  return listed ?? (siaddr || parseIpv4(named) || senderOf(packet));
}
