import { type Arch, archOf } from '../boot/arch-table.ts';
import {
  BROADCAST_FLAG,
  createPacket,
  type DhcpPacket,
  type EncodeLimits,
  MessageType,
  messageType,
  Op,
  readOption,
  writeOption,
} from '../dhcp-packet/index.ts';
import { latin1Encode } from '../lib/bytes.ts';
import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { type Mac, macBytes } from '../lib/mac.ts';
import { ROM_LIMITS, romMessage } from './rom-identity.ts';

/** How far a machine's boot has come: each step asks by DHCP in words of its own. */
export const STAGES = ['rom', 'ipxe', 'loader', 'installer', 'os', 'bootp'] as const;
export type Stage = (typeof STAGES)[number];

/** What a machine says of itself. */
export type Speaker = {
  readonly mac: Mac;
  /** Option 93. */
  readonly arch: number;
  readonly stage: Stage;
  /** Option 97 as it goes over the wire. */
  readonly uuid?: Uint8Array;
  /** Option 60, instead of what such a machine sends. */
  readonly vendorClass?: string;
  readonly hostname?: string;
  /** The address it would like to have. */
  readonly wants?: Ipv4;
  /** Its relay: giaddr. */
  readonly via?: Ipv4;
  readonly xid: number;
  /** How long it has been asking. */
  readonly seconds: number;
};

/** What EDK2 asks for (OVMF, captured). */
const EDK2_WANTS = [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43].concat([
  50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135,
]);
const IPXE_WANTS = [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119].concat([
  128, 129, 130, 131, 132, 133, 134, 135, 175, 203,
]);
/** BusyBox's udhcpc; Debian's installer runs it. */
const SYSTEM_WANTS = [1, 3, 6, 12, 15, 28, 42];
const U_BOOT_WANTS = [1, 3, 6, 12, 17];

/**
 * The first message of a machine: what its firmware, iPXE, a loader, an installer or a system sends, with their options and
 * in their order, as captured of real ones. Encode it with {@link limitsOf}.
 */
export function firmwareRequest(speaker: Speaker): DhcpPacket {
  const packet = messageOf(speaker);
  const { options } = packet;
  const { via, vendorClass, hostname, wants } = speaker;
  if (via !== undefined) {
    packet.giaddr = via;
    packet.hops = 1;
  }
  if (vendorClass !== undefined) writeOption(options, 'vendor-class-id', vendorClass);
  if (hostname !== undefined) options.set(12, latin1Encode(hostname));
  if (wants !== undefined && speaker.stage !== 'bootp') writeOption(options, 'requested-ip', wants);
  return packet;
}

/** ROMs pad their messages. */
export function limitsOf({ stage, arch }: Speaker): EncodeLimits {
  return stage === 'rom' && archOf(arch).firmware === 'bios' ? ROM_LIMITS : { order: 'map' };
}

function messageOf(speaker: Speaker): DhcpPacket {
  const arch = archOf(speaker.arch);
  switch (speaker.stage) {
    case 'rom':
      if (arch.firmware === 'bios' && !arch.http) return biosMessage(speaker);
      return arch.firmware === 'u-boot' && !arch.http ? uBootMessage(speaker) : uefiMessage(speaker, arch);
    case 'ipxe':
      return ipxeMessage(speaker, arch);
    case 'loader':
      // GRUB's own DHCP says nothing but what it is (grub-core/net/bootp.c).
      return arch.firmware === 'u-boot' ? uBootMessage(speaker) : discover(speaker);
    case 'installer':
      return systemMessage(speaker, 'd-i');
    case 'os':
      return systemMessage(speaker, 'udhcp 1.36.1');
    case 'bootp':
      return createPacket({ ...headerOf(speaker) });
  }
}

function headerOf({ mac, xid, seconds }: Speaker): Partial<DhcpPacket> & { op: number } {
  return { op: Op.REQUEST, xid, secs: Math.min(0xffff, seconds), chaddr: macBytes(mac) };
}

function discover(speaker: Speaker, flags = 0): DhcpPacket {
  const packet = createPacket({ ...headerOf(speaker), flags });
  writeOption(packet.options, 'message-type', MessageType.DISCOVER);
  return packet;
}

function biosMessage({ mac, uuid, arch, xid, seconds }: Speaker): DhcpPacket {
  const rom = { mac, uuid: uuid ?? new Uint8Array(16), broadcast: true, xid };
  const packet = romMessage(rom, MessageType.DISCOVER, seconds);
  if (!uuid) packet.options.delete(97);
  if (arch !== 0) writeFirmware(packet, arch, 'PXEClient', { major: 2, minor: 1 });
  return packet;
}

/** UEFI's PXE and HTTP boot (OVMF). */
function uefiMessage(speaker: Speaker, { http }: Arch): DhcpPacket {
  const packet = discover(speaker, BROADCAST_FLAG);
  const { options } = packet;
  writeOption(options, 'max-message-size', 1472);
  writeOption(options, 'parameter-request-list', http ? [...EDK2_WANTS.slice(0, -8), 235] : EDK2_WANTS);
  writeUuid(packet, speaker);
  writeFirmware(packet, speaker.arch, http ? 'HTTPClient' : 'PXEClient', { major: 3, minor: 0 });
  return packet;
}

function ipxeMessage(speaker: Speaker, { firmware }: Arch): DhcpPacket {
  const packet = discover(speaker);
  const { options } = packet;
  const efi = firmware === 'efi';
  writeOption(options, 'max-message-size', 1472);
  writeFirmware(packet, speaker.arch, 'PXEClient', efi ? { major: 3, minor: 10 } : { major: 2, minor: 1 });
  // The bare text, without the lengths of RFC 3004 (iPXE src/net/udp/dhcp.c).
  options.set(77, latin1Encode('iPXE'));
  writeOption(options, 'parameter-request-list', IPXE_WANTS);
  writeOption(options, 'ipxe-encap', {
    values: { http: 1, tftp: 1, dns: 1, menu: 1, ...(efi ? { efi: 1 } : { bzimage: 1, pxe: 1 }) },
  });
  writeUuid(packet, speaker);
  options.set(61, Uint8Array.of(1, ...packet.chaddr.subarray(0, packet.hlen)));
  return packet;
}

function uBootMessage(speaker: Speaker): DhcpPacket {
  const packet = discover(speaker);
  const { options } = packet;
  writeOption(options, 'max-message-size', 576);
  writeOption(options, 'client-arch', [speaker.arch]);
  writeOption(options, 'client-ndi', { type: 0, major: 0, minor: 0 });
  writeUuid(packet, speaker);
  writeOption(options, 'vendor-class-id', archOf(speaker.arch).cpu === 'aa64' ? 'U-Boot.armv8' : 'U-Boot');
  writeOption(options, 'parameter-request-list', U_BOOT_WANTS);
  return packet;
}

function systemMessage(speaker: Speaker, vendorClass: string): DhcpPacket {
  const packet = discover(speaker);
  const { options } = packet;
  writeOption(options, 'max-message-size', 576);
  writeOption(options, 'parameter-request-list', SYSTEM_WANTS);
  writeOption(options, 'vendor-class-id', vendorClass);
  options.set(61, Uint8Array.of(1, ...packet.chaddr.subarray(0, packet.hlen)));
  return packet;
}

function writeUuid({ options }: DhcpPacket, { uuid }: Speaker): void {
  if (uuid) writeOption(options, 'client-uuid', { type: 0, bytes: uuid });
}

/** 94, 93 and 60, as PXE 2.1 §2.2.3 has them. */
function writeFirmware(
  { options }: DhcpPacket,
  arch: number,
  name: string,
  { major, minor }: { readonly major: number; readonly minor: number } = { major: 2, minor: 1 },
): void {
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  writeOption(options, 'client-ndi', { type: 1, major, minor });
  writeOption(options, 'client-arch', [arch]);
  const undi = `${digits(major, 3)}${digits(minor, 3)}`;
  writeOption(options, 'vendor-class-id', `${name}:Arch:${digits(arch, 5)}:UNDI:${undi}`);
}

/**
 * The REQUEST with which the machine of this DISCOVER takes an offer (RFC 2131 §4.3.2, SELECTING): the same options, with
 * 50 and 54 of the offer. `offer` may be another server's, of which only address and name are known.
 */
export function takeOffer(
  asked: DhcpPacket,
  offer: { readonly ip: Ipv4; readonly server: Ipv4 | undefined },
): DhcpPacket {
  const packet: DhcpPacket = { ...asked, options: new Map(asked.options) };
  writeOption(packet.options, 'message-type', MessageType.REQUEST);
  writeOption(packet.options, 'requested-ip', offer.ip);
  if (offer.server !== undefined) writeOption(packet.options, 'server-id', offer.server);
  return packet;
}

/** What is taken of an OFFER; undefined for every other message, and for one without an address (mode proxy). */
export function offerOf(packet: DhcpPacket): { ip: Ipv4; server: Ipv4 | undefined } | undefined {
  if (messageType(packet) !== MessageType.OFFER || packet.yiaddr === UNSPECIFIED) return undefined;
  return { ip: packet.yiaddr, server: readOption(packet.options, 'server-id') };
}
