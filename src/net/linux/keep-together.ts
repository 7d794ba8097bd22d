import type { BoundSocket } from '../datagram.ts';
import { attachProgram } from './bpf.ts';
import { SO_ATTACH_REUSEPORT_CBPF } from './structs.ts';

/**
 * The program that chooses the socket of a group (socket(7), SO_ATTACH_REUSEPORT_CBPF). The kernel's own choice goes by
 * address and port, and a PXE client asks for each file from another port; this one goes by the address alone, so that
 * what is known of a client is known in one place. Its last 32 bits tell clients of a network apart.
 */
const LOAD = 0x20; // ld [k]
const MULTIPLY = 0x24; // A *= k
const SHIFT_RIGHT = 0x74; // A >>= k
const MODULO = 0x94; // A %= k
const RETURN = 0x16; // ret A
/** Offsets from here on count from the IP header (SKF_NET_OFF). */
const IP_HEADER = -0x10_0000;
const IPV4_SOURCE = IP_HEADER + 12;
const IPV6_SOURCE_END = IP_HEADER + 20;
/** Knuth's multiplier: its product's upper bits depend on all bits of the address. */
const SPREAD = 0x9e37_79b1;

/** See Network.keepTogether. */
export function keepTogether(sharing: readonly BoundSocket[]): boolean {
  const [, second] = sharing;
  if (!second) return true;
  return attachProgram(second.fd, SO_ATTACH_REUSEPORT_CBPF, [
    [LOAD, second.ipv6 ? IPV6_SOURCE_END : IPV4_SOURCE],
    [MULTIPLY, SPREAD],
    [SHIFT_RIGHT, 16],
    [MODULO, sharing.length],
    [RETURN, 0],
  ]);
}
