import type { DhcpPacket } from '../dhcp-packet/index.ts';
import { createPacket, Op, writeOption } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { type Mac, macBytes } from '../lib/mac.ts';

/** Whose manners a machine has while it looks for an address and a boot file. */
export const FIRMWARES = ['bios', 'uefi', 'ipxe', 'http', 'bootp'] as const;
export type Firmware = (typeof FIRMWARES)[number];

/** The machine a boot ROM speaks for. */
export type RomIdentity = {
  readonly mac: Mac;
  /** Option 97 as it goes over the wire: 16 octets, the first three fields least significant octet first. */
  readonly uuid: Uint8Array;
  /** Intel's ROMs ask for broadcast answers; QEMU's iPXE takes unicast ones before it has an address. */
  readonly broadcast: boolean;
  /** Transaction id, 32 bits; ROMs keep it from DISCOVER to REQUEST. */
  readonly xid: number;
  /** A BIOS ROM when left out. */
  readonly firmware?: Firmware;
  /** Option 93; 0, BIOS, when left out. */
  readonly arch?: number;
  /** Its relay: what it says goes to {@link server} by unicast, and answers come to this address (RFC 2131 §4.1). */
  readonly via?: Ipv4;
  /** The server that is to boot it; others are passed over. Any when left out. */
  readonly server?: Ipv4;
};

/** What a BIOS ROM asks for: mask, router, PXE's own (43, 60), server and file names, and PXE's reserved block. */
const WANTED = [1, 3, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135];
const BROADCAST = 0x8000;

/** ROMs pad to the size every server must take: 576 less the IP and UDP headers. */
export const ROM_LIMITS = { minSize: 548, order: 'map' } as const;

/**
 * A message with the options of a PXE 2.1 BIOS ROM, in its order (PXE §2.2.3, Table 2-1): encode it with
 * {@link ROM_LIMITS}. `secondsSince` is how long it has been trying.
 */
export function romMessage(rom: RomIdentity, type: number, secondsSince: number): DhcpPacket {
  const packet = createPacket({
    op: Op.REQUEST,
    xid: rom.xid,
    secs: Math.min(0xffff, Math.floor(secondsSince)),
    flags: rom.broadcast ? BROADCAST : 0,
    chaddr: macBytes(rom.mac),
  });
  const { options } = packet;
  writeOption(options, 'message-type', type);
  writeOption(options, 'parameter-request-list', WANTED);
  writeOption(options, 'max-message-size', 1260);
  writeOption(options, 'client-uuid', { type: 0, bytes: rom.uuid });
  writeOption(options, 'client-arch', [0]);
  writeOption(options, 'client-ndi', { type: 1, major: 2, minor: 1 });
  writeOption(options, 'vendor-class-id', 'PXEClient:Arch:00000:UNDI:002001');
  return packet;
}
