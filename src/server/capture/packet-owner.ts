import { ETHERTYPE, parseEthernet } from '../../frame/ethernet.ts';
import { IP_PROTOCOL, type Ipv4Packet, parseIpv4Packet } from '../../frame/ipv4-packet.ts';
import { formatIpv4, type Ipv4 } from '../../lib/ipv4.ts';
import { formatMac, type Mac } from '../../lib/mac.ts';

/** Whose a packet is: the machine that boots, by its MAC, or by its address where that is all there is to know. */
export type PacketOwner = {
  readonly machine: string;
  /** It is about a file that it asked for by TFTP. */
  readonly boots: boolean;
};

/** Where this pxed stands: packets are between it and others. */
export type OwnSide = {
  readonly macs: ReadonlySet<Mac>;
  readonly addresses: ReadonlySet<Ipv4>;
  readonly tftpPort: number;
};

const DHCP_PORTS: ReadonlySet<number> = new Set([67, 68, 4011]);
const MOST_ADDRESSES = 4096;
const MOST_TRANSFERS = 2048;

/** Of a DHCP message (RFC 2131 §2). */
const AT = { op: 0, htype: 1, hlen: 2, ciaddr: 12, yiaddr: 16, chaddr: 28 } as const;
const SHORTEST_MESSAGE = 44;

/**
 * Tells whose a recorded packet is. Behind a router all have the router's MAC: so it learns from DHCP's messages which address is
 * whose, and from requests for files which port is. What belongs to nobody that asked is somebody else's, and no business
 * of ours. Frames may be cut off; addresses and transfers that are remembered are bounded.
 */
export function createPacketOwners(own: () => OwnSide) {
  const macOf = new Map<Ipv4, Mac>();
  /** What machines are called that DHCP did not tell of, by the address that they asked for a file from. */
  const named = new Map<Ipv4, string>();
  /** Client's address and port -> machine. */
  const transfers = new Map<number, string>();

  function nameOf(ip: Ipv4, mac: Mac): string {
    const known = macOf.get(ip);
    if (known !== undefined) return known;
    // Nobody says it of itself: it may be a router's.
    return own().macs.has(mac) ? formatIpv4(ip) : mac;
  }

  function ofDhcp(message: Uint8Array): PacketOwner | undefined {
    if (message.length < SHORTEST_MESSAGE || message[AT.htype] !== 1 || message[AT.hlen] !== 6)
      return undefined;
    const mac = formatMac(message.subarray(AT.chaddr, AT.chaddr + 6));
    // A question of pxed's own, for other servers.
    if (own().macs.has(mac)) return undefined;
    const address = u32(message, message[AT.op] === 2 ? AT.yiaddr : AT.ciaddr);
    if (address !== 0) remember(macOf, address, { value: mac, most: MOST_ADDRESSES });
    return { machine: mac, boots: false };
  }

  function ofUdp({ from, to, payload }: Ipv4Packet, fromMac: Mac): PacketOwner | undefined {
    if (payload.length < 10) return undefined;
    const [source, destination] = [u16(payload, 0), u16(payload, 2)];
    const data = payload.subarray(8);
    if (DHCP_PORTS.has(destination) || (DHCP_PORTS.has(source) && source !== 68)) return ofDhcp(data);
    const opcode = u16(data, 0);
    if (destination === own().tftpPort && (opcode === 1 || opcode === 2)) {
      const machine = nameOf(from, fromMac);
      remember(named, from, { value: machine, most: MOST_ADDRESSES });
      remember(transfers, tidOf(from, source), { value: machine, most: MOST_TRANSFERS });
      return { machine, boots: true };
    }
    const machine = transfers.get(tidOf(to, destination)) ?? transfers.get(tidOf(from, source));
    if (machine === undefined || opcode < 3 || opcode > 6) return undefined;
    return { machine, boots: true };
  }

  /** It carries the beginning of what could not be delivered: who sent that, and who was to get it. */
  function ofIcmp({ from, payload }: Ipv4Packet, fromMac: Mac): PacketOwner | undefined {
    const inner = payload.subarray(8);
    if (inner.length < 20 || inner[0]! >>> 4 !== 4) return undefined;
    const ends = [u32(inner, 12), u32(inner, 16)].filter((ip) => !own().addresses.has(ip));
    const known = ends.map((ip) => macOf.get(ip)).find((mac) => mac !== undefined);
    if (known !== undefined) return { machine: known, boots: false };
    return ends.includes(from) ? { machine: nameOf(from, fromMac), boots: false } : undefined;
  }

  return {
    ownerOf(frame: Uint8Array): PacketOwner | undefined {
      const ethernet = parseEthernet(frame);
      if (!ethernet.ok || ethernet.value.etherType !== ETHERTYPE.ipv4) return undefined;
      const packet = parseIpv4Packet(whole(ethernet.value.payload));
      if (!packet.ok) return undefined;
      const fromMac = ethernet.value.from;
      if (packet.value.protocol === IP_PROTOCOL.icmp) return ofIcmp(packet.value, fromMac);
      return packet.value.protocol === IP_PROTOCOL.udp ? ofUdp(packet.value, fromMac) : undefined;
    },
    /** Under which name is this machine kept: its MAC, where only its address is known? */
    nameOfAddress: (ip: Ipv4): string => macOf.get(ip) ?? named.get(ip) ?? formatIpv4(ip),
  };
}

/** Octets that a frame had on the wire, by what its IPv4 header says of it; its own length where it says nothing. */
export function wireLengthOf(frame: Uint8Array): number {
  const isIpv4 = frame.length >= 34 && u16(frame, 12) === ETHERTYPE.ipv4;
  return isIpv4 ? Math.max(frame.length, 14 + u16(frame, 16)) : frame.length;
}

/** A packet that was cut off, with zeros for the rest: readers of IPv4 check that all is there. */
function whole(packet: Uint8Array): Uint8Array {
  if (packet.length < 20 || u16(packet, 2) <= packet.length) return packet;
  const padded = new Uint8Array(u16(packet, 2));
  padded.set(packet);
  return padded;
}

function tidOf(ip: Ipv4, port: number): number {
  return ip * 65_536 + port;
}

function remember<K, V>(map: Map<K, V>, key: K, { value, most }: { value: V; most: number }): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u32(bytes: Uint8Array, at: number): number {
  return ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;
}
