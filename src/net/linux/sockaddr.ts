import type { Ipv4 } from '../../lib/ipv4.ts';
import type { Ipv6 } from '../../lib/ipv6.ts';
import type { Arena } from './arena.ts';
import { AF_INET, AF_INET6, AF_PACKET } from './structs.ts';

/** Writes a struct sockaddr_in. */
export function writeSockaddr(
  arena: Arena,
  at: number,
  { address, port }: { address: Ipv4; port: number },
): void {
  arena.view.setUint16(at, AF_INET, true);
  arena.view.setUint16(at + 2, port);
  arena.view.setUint32(at + 4, address);
  arena.view.setUint32(at + 8, 0);
  arena.view.setUint32(at + 12, 0);
}

/** Writes a struct sockaddr_in6 of `::`. */
export function writeAnyAddress6(arena: Arena, at: number, port: number): void {
  arena.bytes.fill(0, at, at + 28);
  arena.view.setUint16(at, AF_INET6, true);
  arena.view.setUint16(at + 2, port);
}

/** Writes a struct in6_addr. */
export function writeAddress6(arena: Arena, at: number, [a, b, c, d]: Ipv6): void {
  const { view } = arena;
  view.setUint32(at, a);
  view.setUint32(at + 4, b);
  view.setUint32(at + 8, c);
  view.setUint32(at + 12, d);
}

/** Writes a struct sockaddr_ll that binds to one protocol of one interface; protocol 0 receives nothing. */
export function writeLinkAddress(
  arena: Arena,
  at: number,
  { ifindex, etherType }: { ifindex: number; etherType: number },
): void {
  arena.bytes.fill(0, at, at + 20);
  arena.view.setUint16(at, AF_PACKET, true);
  arena.view.setUint16(at + 2, etherType);
  arena.view.setInt32(at + 4, ifindex, true);
}
