/**
 * The little of IP that a boot ROM has: UDP out and in, ARP both ways, answers to ping. Frames in, frames out, no I/O.
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
import { buildIcmpEcho, parseIcmpEcho } from '../frame/icmp.ts';
import { buildIpv4Packet, IP_PROTOCOL, type Ipv4Packet, parseIpv4Packet } from '../frame/ipv4-packet.ts';
import { buildUdpFrame, parseUdp } from '../frame/udp.ts';
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
import type { Received, Transmit } from './exchange.ts';

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
  /** The next frame to put on the wire. */
  poll(now: number): Uint8Array | undefined;
  /** When `poll` has something to do though nothing arrives. */
  deadline(): number;
};

const ARP_RETRY_MS = 250;
const ARP_TRIES = 4;
/** Datagrams kept for a host that has not answered ARP yet; older ones go first. */
const MOST_WAITING = 4;
const NO_MAC: Mac = '00:00:00:00:00:00';

type Resolving = { tries: number; askAt: number; readonly waiting: Transmit[] };

export function createHostStack(mac: Mac): HostStack {
  const frames: Uint8Array[] = [];
  const neighbours = new Map<Ipv4, Mac>();
  const resolving = new Map<Ipv4, Resolving>();
  let own: HostAddress | undefined;
  let subnet: Subnet | undefined;

  function isBroadcast(address: Ipv4): boolean {
    return address === LIMITED_BROADCAST || (subnet !== undefined && address === broadcastOf(subnet));
  }

  function frameOf(transmit: Transmit, toMac: Mac): Uint8Array {
    return buildUdpFrame({
      fromMac: mac,
      toMac,
      from: own?.ip ?? UNSPECIFIED,
      to: transmit.destination,
      fromPort: transmit.sourcePort,
      toPort: transmit.destinationPort,
      payload: transmit.bytes,
    });
  }

  function learn({ senderIp, senderMac }: Arp): void {
    const pending = resolving.get(senderIp);
    if (!pending && !neighbours.has(senderIp)) return;
    neighbours.set(senderIp, senderMac);
    resolving.delete(senderIp);
    for (const transmit of pending?.waiting ?? []) frames.push(frameOf(transmit, senderMac));
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
    if (packet.value.protocol === IP_PROTOCOL.icmp) takeEcho(packet.value, frame.from);
    const udp = parseUdp(packet.value);
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
    send(transmit, now) {
      const { destination } = transmit;
      if (isBroadcast(destination)) {
        frames.push(frameOf(transmit, BROADCAST_MAC));
        return;
      }
      const near = !subnet || contains(subnet, destination);
      const hop = near ? destination : (own?.router ?? destination);
      const known = neighbours.get(hop);
      if (known !== undefined) {
        frames.push(frameOf(transmit, known));
        return;
      }
      const pending = resolving.get(hop) ?? { tries: 0, askAt: now, waiting: [] };
      resolving.set(hop, pending);
      pending.waiting.push(transmit);
      if (pending.waiting.length > MOST_WAITING) pending.waiting.shift();
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
