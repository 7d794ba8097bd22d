import type { DhcpPacket } from '../dhcp-packet/index.ts';
import {
  BROADCAST_FLAG,
  createPacket,
  encode,
  MessageType,
  messageType,
  Op,
  readOption,
  writeOption,
} from '../dhcp-packet/index.ts';
import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { type Mac, macBytes } from '../lib/mac.ts';

/** Another server, as its OFFER or ACK, or a client's REQUEST, shows it. */
export type OtherServer = {
  /** `address`: it gives addresses. `boot`: it tells boot files alone (a proxyDHCP server, PXE 2.1 §2.2.1). */
  readonly kind: 'address' | 'boot';
  /** Option 54; the sender's address when there is none. */
  readonly ip: Ipv4;
  /** Who sent the frame: the server, or the relay in front of it. Not told by a client. */
  readonly mac?: Mac;
  /** What it gave: to us, when it answers a probe, or to somebody else. */
  readonly offered?: Ipv4;
  readonly file?: string;
  readonly xid: number;
};

/** What is ours on all our interfaces: two of them may be on one network. */
export type Ourselves = { readonly macs: ReadonlySet<Mac>; readonly addresses: ReadonlySet<Ipv4> };

export type Sender = { readonly ip: Ipv4; readonly mac: Mac };

/**
 * Reads a message that a server sent to a client. undefined when it is no OFFER or ACK, when it is our own, and for the ACK of
 * an INFORM, which gives nothing.
 */
export function otherServer(packet: DhcpPacket, sender: Sender, own: Ourselves): OtherServer | undefined {
  const type = messageType(packet);
  if (packet.op !== Op.REPLY || (type !== MessageType.OFFER && type !== MessageType.ACK)) return undefined;
  const ip = readOption(packet.options, 'server-id') ?? sender.ip;
  if (own.macs.has(sender.mac) || own.addresses.has(ip) || own.addresses.has(sender.ip)) return undefined;
  const gives = packet.yiaddr !== UNSPECIFIED;
  if (!gives && (type === MessageType.ACK || !isPxe(packet))) return undefined;
  const file = packet.file || readOption(packet.options, 'bootfile-name');
  return {
    kind: gives ? 'address' : 'boot',
    ip,
    mac: sender.mac,
    ...(gives && { offered: packet.yiaddr }),
    ...(file && { file }),
    xid: packet.xid,
  };
}

/**
 * The server whose offer a client takes: its broadcast REQUEST names it (RFC 2131 §4.3.2), also where a switch lets nobody but
 * the client see the offer itself. undefined when it is us, and behind a relay, where others may serve.
 */
export function selectedServer(packet: DhcpPacket, own: Ourselves): OtherServer | undefined {
  if (messageType(packet) !== MessageType.REQUEST || packet.giaddr !== UNSPECIFIED) return undefined;
  const ip = readOption(packet.options, 'server-id');
  if (ip === undefined || own.addresses.has(ip)) return undefined;
  const offered = readOption(packet.options, 'requested-ip');
  return { kind: 'address', ip, xid: packet.xid, ...(offered !== undefined && { offered }) };
}

function isPxe({ options }: DhcpPacket): boolean {
  return readOption(options, 'vendor-class-id')?.startsWith('PXEClient') ?? false;
}

/** What a boot ROM asks for: servers that answer nobody else answer it. */
const WANTED = [1, 3, 43, 54, 60, 66, 67];

/**
 * A DISCOVER that finds servers and takes nothing: the offers it brings are never asked for. It comes from a boot ROM as far
 * as servers can tell, since some answer only these, and wants its answers broadcast, which reach us whatever is
 * configured. Sent from 0.0.0.0, port 68, to everybody.
 */
export function searchMessage(mac: Mac, xid: number): Uint8Array {
  const packet = createPacket({ op: Op.REQUEST, xid, flags: BROADCAST_FLAG, chaddr: macBytes(mac) });
  const { options } = packet;
  writeOption(options, 'message-type', MessageType.DISCOVER);
  writeOption(options, 'parameter-request-list', WANTED);
  writeOption(options, 'max-message-size', 1472);
  writeOption(options, 'client-uuid', { type: 0, bytes: new Uint8Array(16) });
  writeOption(options, 'client-arch', [0]);
  writeOption(options, 'client-ndi', { type: 1, major: 2, minor: 1 });
  writeOption(options, 'vendor-class-id', 'PXEClient:Arch:00000:UNDI:002001');
  return encode(packet, { minSize: 300 });
}
