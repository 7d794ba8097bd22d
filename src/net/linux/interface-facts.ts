import { type Ipv4, lengthOfMask } from '../../lib/ipv4.ts';
import { isLinkLocal } from '../../lib/ipv6.ts';
import { formatMac } from '../../lib/mac.ts';
import type { InterfaceFacts } from '../datagram.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { AF_INET, AF_INET6, AF_PACKET, SIOCGIFMTU, SOCK_CLOEXEC, SOCK_DGRAM } from './structs.ts';

/** struct ifaddrs { next, name, flags (u32, padded), addr, netmask, … }, all 8 octets wide. */
const IFADDRS = 40;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const IFNAMSIZ = 16;

type Entry = {
  readonly name: string;
  readonly flags: number;
  readonly address: number;
  readonly mask: number;
};
type Building = { -readonly [Key in keyof InterfaceFacts]: InterfaceFacts[Key] } & {
  addresses: { address: Ipv4; prefixLength: number }[];
};

/**
 * All interfaces of this network namespace, asked from the kernel itself: node:os leaves out those without a
 * carrier (a server is often started before the cable is plugged in), and /sys may still show another namespace.
 */
export function interfaceFacts(): readonly InterfaceFacts[] {
  const arena = new Arena(64);
  if (c.getifaddrs(arena.pointer(0)) < 0) return [];
  const list = pointerAt(arena.view, 0);
  const found = new Map<string, Building>();
  const entries = [...entriesOf(list)];
  for (const entry of entries) addLink(found, entry);
  for (const entry of entries) addAddress(found, entry);
  c.freeifaddrs(list);
  readMtus([...found.values()]);
  return [...found.values()];
}

function* entriesOf(list: number): Generator<Entry> {
  for (let at = list; at !== 0; ) {
    const fields = copyOf(at, IFADDRS);
    yield {
      // A label `eth0:1` names an address, not an interface.
      name: c.foreignString(pointerAt(fields, 8)).split(':')[0]!,
      flags: fields.getUint32(16, true),
      address: pointerAt(fields, 24),
      mask: pointerAt(fields, 32),
    };
    at = pointerAt(fields, 0);
  }
}

/** The struct sockaddr_ll of an interface carries its index and MAC. */
function addLink(found: Map<string, Building>, { name, flags, address }: Entry): void {
  if (address === 0 || copyOf(address, 2).getUint16(0, true) !== AF_PACKET) return;
  const link = copyOf(address, 20);
  found.set(name, {
    name,
    index: link.getInt32(4, true),
    mac: formatMac(new Uint8Array(link.buffer, 12, 6)),
    mtu: 1500,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    addresses: [],
  });
}

function addAddress(found: Map<string, Building>, { name, address, mask }: Entry): void {
  const facts = found.get(name);
  if (facts && isGlobal6(address)) facts.ipv6 = true;
  const ip = ipv4At(address);
  if (ip === undefined) return;
  const prefixLength = lengthOfMask(ipv4At(mask) ?? 0xffff_ffff) ?? 32;
  facts?.addresses.push({ address: ip, prefixLength });
}

/** struct ifreq { char name[16]; int mtu; … }, 40 octets. */
function readMtus(interfaces: readonly Building[]): void {
  const fd = c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const arena = new Arena(64);
  for (const facts of interfaces) {
    arena.bytes.fill(0);
    arena.bytes.set(new TextEncoder().encode(facts.name).subarray(0, IFNAMSIZ - 1));
    if (c.ioctl(fd, SIOCGIFMTU, arena.pointer(0)) === 0) facts.mtu = arena.getInt(IFNAMSIZ);
  }
  c.close(fd);
}

/** A copy, so that nothing refers to C's memory once it is freed. */
function copyOf(address: number, length: number): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(c.foreignBytes(address, length)).buffer);
}

function pointerAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function ipv4At(sockaddr: number): Ipv4 | undefined {
  if (sockaddr === 0) return undefined;
  const view = copyOf(sockaddr, 8);
  return view.getUint16(0, true) === AF_INET ? view.getUint32(4) : undefined;
}

/** struct sockaddr_in6: the address begins at 8. */
function isGlobal6(sockaddr: number): boolean {
  if (sockaddr === 0 || copyOf(sockaddr, 2).getUint16(0, true) !== AF_INET6) return false;
  return !isLinkLocal([copyOf(sockaddr, 12).getUint32(8), 0, 0, 0]);
}
