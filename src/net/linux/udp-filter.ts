import { attachProgram, type Instruction } from './bpf.ts';
import { SO_ATTACH_FILTER } from './structs.ts';

const LOAD_BYTE = 0x30; // A = [k], one octet
const LOAD_HALF = 0x28; // A = [k], two octets
const LOAD_HALF_BEYOND = 0x48; // A = [X + k], two octets
const LOAD_HEADER_LENGTH = 0xb1; // X = 4 * ([k] & 15)
const IF_EQUAL = 0x15;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Offsets in an Ethernet frame; the kernel has taken a VLAN tag off. */
const IP_HEADER = 14;
const FRAGMENT = IP_HEADER + 6;
const PROTOCOL = IP_HEADER + 9;
/** Behind the IP header. */
const DESTINATION_PORT = IP_HEADER + 2;
const UDP = 17;
const WHOLE = 0xffff;

/**
 * A packet socket of IPv4 frames gets only UDP datagrams to this port: nobody copies and wakes us for the files that
 * cross the same interface. Fragments behind the first have no port, and are nobody's.
 */
export function onlyUdpTo(fd: number, port: number): boolean {
  const program: readonly Instruction[] = [
    [LOAD_BYTE, PROTOCOL],
    [IF_EQUAL, UDP, 0, 6],
    [LOAD_HALF, FRAGMENT],
    [IF_ANY_BIT, 0x1fff, 4, 0],
    [LOAD_HEADER_LENGTH, IP_HEADER],
    [LOAD_HALF_BEYOND, DESTINATION_PORT],
    [IF_EQUAL, port, 0, 1],
    [RETURN, WHOLE],
    [RETURN, 0],
  ];
  return attachProgram(fd, SO_ATTACH_FILTER, program);
}
