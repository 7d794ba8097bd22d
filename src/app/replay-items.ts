import { type DhcpPacket, decode, hardwareAddress, Op } from '../dhcp-packet/index.ts';
import { toEthernet, withoutTags } from '../frame/link-type.ts';
import type { CapturedPacket } from '../frame/pcap.ts';
import { parseUdpFrame, type UdpFrame } from '../frame/udp.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import {
  decodeRequest,
  decode as decodeTftp,
  type TftpPacket,
  type TftpRequest,
} from '../tftp-packet/index.ts';

/** One request of a capture, with what was answered there. */
export type ReplayItem = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly vlans: readonly number[];
  readonly frame: UdpFrame;
} & (
  | {
      readonly kind: 'dhcp';
      readonly mac: Mac;
      /** Where it came to. */
      readonly port: 67 | 4011;
      readonly answers: readonly DhcpAnswer[];
    }
  | { readonly kind: 'tftp'; readonly request: TftpRequest; readonly answer?: TftpPacket }
  /** Octets for a port of ours that are no request; why. */
  | { readonly kind: 'malformed'; readonly port: number; readonly reason: string }
);

export type DhcpAnswer = { readonly from: Ipv4; readonly packet: DhcpPacket };

export type ReplayItems = {
  readonly items: readonly ReplayItem[];
  /** Packets that are no UDP over IPv4 that can be read whole, or belong to no request. */
  readonly others: number;
};

type Open<K extends ReplayItem['kind']> = Extract<ReplayItem, { kind: K }>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Finds the requests to DHCP, BOOTP, PXE and TFTP servers in a capture, in its order, and puts the answers to them. */
export function replayItems(packets: readonly CapturedPacket[], tftpPort: number): ReplayItems {
  const items: ReplayItem[] = [];
  /** By xid and MAC: the last request. */
  const asking = new Map<string, DhcpAnswer[]>();
  /** By the client's address and port: the request that waits for the first packet back. */
  const transfers = new Map<string, Mutable<Open<'tftp'>>>();
  let others = 0;

  function takeDhcp(frame: UdpFrame, when: Pick<ReplayItem, 'at' | 'vlans'>): boolean {
    const decoded = decode(frame.payload, { tolerance: 'lenient' });
    const toServer = frame.toPort === 67 || frame.toPort === 4011;
    if (!decoded.ok) {
      if (!toServer) return false;
      items.push({ ...when, frame, kind: 'malformed', port: frame.toPort, reason: decoded.reason });
      return true;
    }
    const { packet } = decoded.value;
    const mac = hardwareAddress(packet);
    const key = `${packet.xid} ${mac}`;
    if (packet.op === Op.REPLY) {
      const answers = asking.get(key);
      // A relay hands each answer on: once is enough.
      const isTold = answers?.some((one) => serverOf(one) === serverOf({ from: frame.from, packet }));
      if (answers && !isTold) answers.push({ from: frame.from, packet });
      return answers !== undefined;
    }
    if (!toServer) return false;
    const answers: DhcpAnswer[] = [];
    asking.set(key, answers);
    items.push({ ...when, frame, kind: 'dhcp', mac, port: frame.toPort === 4011 ? 4011 : 67, answers });
    return true;
  }

  function takeTftp(frame: UdpFrame, when: Pick<ReplayItem, 'at' | 'vlans'>): boolean {
    const { from, fromPort, to, toPort, payload } = frame;
    if (toPort === tftpPort) {
      const request = decodeRequest(payload);
      // With one port for all, what comes there is also acknowledgements.
      if (!request.ok) {
        if (request.reason === 'illegal-opcode') return false;
        items.push({ ...when, frame, kind: 'malformed', port: toPort, reason: request.reason });
        return true;
      }
      const item: Mutable<Open<'tftp'>> = { ...when, frame, kind: 'tftp', request: request.value };
      items.push(item);
      transfers.set(`${from} ${fromPort}`, item);
      return true;
    }
    const item = transfers.get(`${to} ${toPort}`);
    const packet = item && decodeTftp(payload);
    if (!item || !packet?.ok) return false;
    item.answer = packet.value;
    transfers.delete(`${to} ${toPort}`);
    return true;
  }

  for (const { at, linkType, bytes } of packets) {
    const ethernet = toEthernet(linkType, bytes);
    const bare = ethernet && withoutTags(ethernet);
    const read = bare && parseUdpFrame(bare.frame, { checksum: 'ignored' });
    if (!bare || !read?.ok) {
      others++;
      continue;
    }
    const frame = read.value;
    const when = { at, vlans: bare.vlans };
    const isDhcp = [67, 68, 4011].some((port) => frame.toPort === port || frame.fromPort === port);
    if (!(isDhcp ? takeDhcp(frame, when) : takeTftp(frame, when))) others++;
  }
  return { items, others };
}

/** Who answered: option 54 says it, and the sender of a frame may be a relay. */
export function serverOf({ from, packet }: DhcpAnswer): Ipv4 {
  const told = packet.options.get(54);
  return told?.length === 4 ? new DataView(told.buffer, told.byteOffset).getUint32(0) : from;
}
