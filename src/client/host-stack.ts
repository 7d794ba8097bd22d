/**
 * The little of IP that a boot ROM has: UDP out and in, ARP both ways, answers to ping, and TCP segments for whoever makes a
 * connection of them. Frames in, frames out, no I/O.
 *
 * Without an address it takes what is sent to its MAC or to everybody, whatever the IP address says: a DHCP server may send to
 * the address that it is about to give (RFC 2131 §4.1). With one, other machines' packets are left alone.
 */
import { type Arp, buildArpFrame, parseArp } from '../frame/arp.ts';
import {
  BROADCAST_MAC,
  buildEthernet,
  ETHERTYPE,
  type EthernetFrame,
  parseEthernet,
} from '../frame/ethernet.ts';
import { buildIcmpEcho, parseIcmpEcho, parseIcmpUnreachable } from '../frame/icmp.ts';
import { buildIpv4Packet, IP_PROTOCOL, type Ipv4Packet, parseIpv4Packet } from '../frame/ipv4-packet.ts';
import { buildTcp, parseTcp, type TcpSegment } from '../frame/tcp.ts';
import { buildUdp, parseUdp, type UdpChecks } from '../frame/udp.ts';
import {
  broadcastOf,
  contains,
  type Ipv4,
  LIMITED_BROADCAST,
  type Subnet,
  subnetOf,
  UNSPECIFIED,
} from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { Received, Transmit, Unreachable } from './exchange.ts';

/** An address with what is around it. */
export type HostAddress = {
  readonly ip: Ipv4;
  readonly prefixLength: number;
  readonly router?: Ipv4;
};

export type HostStack = {
  configure(address: HostAddress): void;
  /** Reads one frame; the datagram in it when it is for this machine. Answers of the stack itself are queued. */
  receive(frame: Uint8Array): Received | undefined;
  /** Queues a datagram, if need be until its next hop answered ARP. */
  send(transmit: Transmit, now: number): void;
  /** The same for a segment, once there is an address. */
  sendSegment(to: Ipv4, segment: TcpSegment, now: number): void;
  /** The next frame to put on the wire. */
  poll(now: number): Uint8Array | undefined;
  /** When `poll` has something to do though nothing arrives. */
  deadline(): number;
};

/** `checksum: 'ignored'` behind a packet socket. What is told is borrowed. */
export type HostStackOptions = UdpChecks & {
  readonly onUnreachable?: (notice: Unreachable) => void;
  readonly onSegment?: (from: Ipv4, segment: TcpSegment) => void;
};

const ARP_RETRY_MS = 250;
const ARP_TRIES = 4;
/** Datagrams kept for a host that has not answered ARP yet; older ones go first. */
const MOST_WAITING = 4;
const NO_MAC: Mac = '00:00:00:00:00:00';

/** What goes into a packet, whose sender's address is known when it leaves. */
type Outgoing = {
  readonly to: Ipv4;
  readonly protocol: number;
  readonly payload: (from: Ipv4) => Uint8Array;
};
type Resolving = { tries: number; askAt: number; readonly waiting: Outgoing[] };

export function createHostStack(mac: Mac, options: HostStackOptions = {}): HostStack {
  const frames: Uint8Array[] = [];
  const neighbours = new Map<Ipv4, Mac>();
  const resolving = new Map<Ipv4, Resolving>();
  let own: HostAddress | undefined;
  let subnet: Subnet | undefined;

  function isBroadcast(address: Ipv4): boolean {
    return address === LIMITED_BROADCAST || (subnet !== undefined && address === broadcastOf(subnet));
  }

  function frameOf({ to, protocol, payload }: Outgoing, toMac: Mac): Uint8Array {
    const from = own?.ip ?? UNSPECIFIED;
    const packet = buildIpv4Packet({ from, to, protocol, payload: payload(from) });
    return buildEthernet({ to: toMac, from: mac, etherType: ETHERTYPE.ipv4, payload: packet });
  }

  function dispatch(outgoing: Outgoing, now: number): void {
    const { to } = outgoing;
    if (isBroadcast(to)) {
      frames.push(frameOf(outgoing, BROADCAST_MAC));
      return;
    }
    const near = !subnet || contains(subnet, to);
    const hop = near ? to : (own?.router ?? to);
    const known = neighbours.get(hop);
    if (known !== undefined) {
      frames.push(frameOf(outgoing, known));
      return;
    }
    const pending = resolving.get(hop) ?? { tries: 0, askAt: now, waiting: [] };
    resolving.set(hop, pending);
    pending.waiting.push(outgoing);
    if (pending.waiting.length > MOST_WAITING) pending.waiting.shift();
  }

  function learn({ senderIp, senderMac }: Arp): void {
    const pending = resolving.get(senderIp);
    if (!pending && !neighbours.has(senderIp)) return;
    neighbours.set(senderIp, senderMac);
    resolving.delete(senderIp);
    for (const outgoing of pending?.waiting ?? []) frames.push(frameOf(outgoing, senderMac));
  }

  function takeArp(bytes: Uint8Array): void {
    const arp = parseArp(bytes);
    if (!arp.ok || arp.value.senderMac === mac) return;
    learn(arp.value);
    if (arp.value.operation !== 'request' || !own || arp.value.targetIp !== own.ip) return;
    const { senderMac, senderIp } = arp.value;
    frames.push(
      buildArpFrame({
        operation: 'reply',
        senderMac: mac,
        senderIp: own.ip,
        targetMac: senderMac,
        targetIp: senderIp,
      }),
    );
  }

  function takeIcmp(packet: Ipv4Packet, fromMac: Mac): void {
    const told = parseIcmpUnreachable(packet.payload);
    if (!told.ok) {
      takeEcho(packet, fromMac);
      return;
    }
    const { code, from, to, fromPort, toPort, protocol } = told.value;
    if (protocol !== IP_PROTOCOL.udp || from !== own?.ip) return;
    const about = { destination: to, destinationPort: toPort, sourcePort: fromPort };
    options.onUnreachable?.({ ...about, code, from: packet.from });
  }

  function takeEcho(packet: Ipv4Packet, toMac: Mac): void {
    const echo = parseIcmpEcho(packet.payload);
    if (!echo.ok || echo.value.kind !== 'request' || packet.to !== own?.ip) return;
    const payload = buildIcmpEcho({ ...echo.value, kind: 'reply' });
    const answer = buildIpv4Packet({ from: own.ip, to: packet.from, protocol: IP_PROTOCOL.icmp, payload });
    frames.push(buildEthernet({ to: toMac, from: mac, etherType: ETHERTYPE.ipv4, payload: answer }));
  }

  function takeIpv4(frame: EthernetFrame): Received | undefined {
    const packet = parseIpv4Packet(frame.payload);
    if (!packet.ok) return undefined;
    if (own && packet.value.to !== own.ip && !isBroadcast(packet.value.to)) return undefined;
    if (packet.value.protocol === IP_PROTOCOL.icmp) takeIcmp(packet.value, frame.from);
    if (packet.value.protocol === IP_PROTOCOL.tcp && options.onSegment) {
      const segment = parseTcp(packet.value, options);
      if (segment.ok) options.onSegment(packet.value.from, segment.value);
    }
    const udp = parseUdp(packet.value, options);
    if (!udp.ok) return undefined;
    const { fromPort, toPort, payload } = udp.value;
    return { source: packet.value.from, sourcePort: fromPort, destinationPort: toPort, bytes: payload };
  }

  return {
    configure(address) {
      own = address;
      subnet = subnetOf(address.ip, address.prefixLength);
    },
    receive(bytes) {
      const frame = parseEthernet(bytes);
      if (!frame.ok || (frame.value.to !== mac && frame.value.to !== BROADCAST_MAC)) return undefined;
      if (frame.value.etherType === ETHERTYPE.ipv4) return takeIpv4(frame.value);
      if (frame.value.etherType === ETHERTYPE.arp) takeArp(frame.value.payload);
      return undefined;
    },
    send({ destination: to, sourcePort: fromPort, destinationPort: toPort, bytes }, now) {
      const payload = (from: Ipv4) => buildUdp({ fromPort, toPort, payload: bytes }, { from, to });
      dispatch({ to, protocol: IP_PROTOCOL.udp, payload }, now);
    },
    sendSegment(to, segment, now) {
      const payload = (from: Ipv4) => buildTcp(segment, { from, to });
      dispatch({ to, protocol: IP_PROTOCOL.tcp, payload }, now);
    },
    poll(now) {
      for (const [ip, pending] of resolving) {
        if (now < pending.askAt) continue;
        if (pending.tries === ARP_TRIES) {
          resolving.delete(ip); // whoever sent will notice the silence and send again
          continue;
        }
        pending.tries++;
        pending.askAt = now + ARP_RETRY_MS;
        const senderIp = own?.ip ?? UNSPECIFIED;
        frames.push(
          buildArpFrame({ operation: 'request', senderMac: mac, senderIp, targetMac: NO_MAC, targetIp: ip }),
        );
      }
      return frames.shift();
    },
    deadline() {
      let first = Number.POSITIVE_INFINITY;
      for (const { askAt } of resolving.values()) first = Math.min(first, askAt);
      return first;
    },
  };
}
