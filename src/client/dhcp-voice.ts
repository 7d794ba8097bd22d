/** What a machine says by DHCP, whatever its firmware, and where that goes. */
import { archOf } from '../boot/arch-table.ts';
import {
  type DhcpPacket,
  type EncodeLimits,
  encode,
  MessageType,
  type PxeBootItem,
  writeOption,
  writePxe,
} from '../dhcp-packet/index.ts';
import { type Ipv4, LIMITED_BROADCAST } from '../lib/ipv4.ts';
import { CLIENT_PORT, SERVER_PORT } from './dhcp-reply.ts';
import type { Transmit } from './exchange.ts';
import { firmwareRequest, limitsOf, type Speaker, type Stage, takeOffer } from './firmware-request.ts';
import { type Firmware, ROM_LIMITS, type RomIdentity, romMessage } from './rom-identity.ts';

/** PXE's boot servers and proxies (PXE 2.1 §2.5). */
export const BOOT_SERVER_PORT = 4011;

const STAGE_OF: Readonly<Record<Firmware, Stage>> = {
  bios: 'rom',
  uefi: 'rom',
  http: 'rom',
  ipxe: 'ipxe',
  bootp: 'bootp',
};

export function firmwareOf({ firmware = 'bios' }: RomIdentity): Firmware {
  return firmware;
}

/** DISCOVER, or a BOOTREQUEST of firmware that knows BOOTP only. */
export function discoverOf(rom: RomIdentity, secondsSince: number): DhcpPacket {
  const packet = isPlainBios(rom)
    ? romMessage(rom, MessageType.DISCOVER, secondsSince)
    : firmwareRequest({ ...speakerOf(rom), seconds: Math.floor(secondsSince) });
  if (rom.via !== undefined) {
    packet.giaddr = rom.via;
    packet.hops = 1;
  }
  return packet;
}

/** REQUEST for what was offered (RFC 2131 §4.3.2, SELECTING). */
export function requestOf(
  rom: RomIdentity,
  offer: { readonly ip: Ipv4; readonly server: Ipv4 | undefined },
  secondsSince: number,
): DhcpPacket {
  return takeOffer(discoverOf(rom, secondsSince), offer);
}

/**
 * REQUEST to port 4011 of a machine that has its address (PXE 2.1 §2.4.5): which file is it? With `item`, for a line of
 * the menu. Neither 50 nor 54: it is no question for an address.
 */
export function bootServerRequestOf(rom: RomIdentity, ip: Ipv4, item: PxeBootItem | undefined): DhcpPacket {
  const { via: _, ...direct } = rom;
  const packet = discoverOf(direct, 0);
  packet.ciaddr = ip;
  packet.flags = 0;
  writeOption(packet.options, 'message-type', MessageType.REQUEST);
  if (item) writePxe(packet.options, { values: { bootItem: item } });
  return packet;
}

/** RELEASE (RFC 2131 §4.4.6): the identity that the lease was given to, and nothing that is asked for. */
export function releaseOf(rom: RomIdentity, lease: { readonly ip: Ipv4; readonly server: Ipv4 }): DhcpPacket {
  const packet = discoverOf(rom, 0);
  const clientId = packet.options.get(61);
  packet.flags = 0;
  packet.ciaddr = lease.ip;
  packet.options.clear();
  writeOption(packet.options, 'message-type', MessageType.RELEASE);
  if (clientId !== undefined) packet.options.set(61, clientId);
  writeOption(packet.options, 'server-id', lease.server);
  return packet;
}

/** The datagram: broadcast by the machine itself, or passed on by its relay. */
export function toServers(rom: RomIdentity, packet: DhcpPacket): Transmit {
  const bytes = encode(packet, limitsFor(rom));
  if (rom.via === undefined) {
    return { sourcePort: CLIENT_PORT, destination: LIMITED_BROADCAST, destinationPort: SERVER_PORT, bytes };
  }
  const destination = rom.server ?? LIMITED_BROADCAST;
  return { sourcePort: SERVER_PORT, destination, destinationPort: SERVER_PORT, bytes };
}

/** For people: `BIOS (x86PC)`, `UEFI (x86-64_EFI)`. */
export function describeFirmware(rom: RomIdentity): string {
  const name = { bios: 'BIOS', uefi: 'UEFI', ipxe: 'iPXE', http: 'UEFI HTTP', bootp: 'BOOTP' }[
    firmwareOf(rom)
  ];
  return firmwareOf(rom) === 'bootp' ? name : `${name} (${archOf(rom.arch ?? 0).name})`;
}

export function limitsFor(rom: RomIdentity): EncodeLimits {
  return isPlainBios(rom) ? ROM_LIMITS : limitsOf(speakerOf(rom));
}

function isPlainBios(rom: RomIdentity): boolean {
  return firmwareOf(rom) === 'bios' && (rom.arch ?? 0) === 0;
}

function speakerOf(rom: RomIdentity): Speaker {
  const { mac, uuid, xid, arch = 0 } = rom;
  return { mac, uuid, xid, arch, stage: STAGE_OF[firmwareOf(rom)], seconds: 0 };
}
