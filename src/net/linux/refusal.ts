import type { DatagramKind } from '../datagram.ts';
import { Arena } from './arena.ts';
import { attachProgram, type Instruction } from './bpf.ts';
import { getsockopt, setsockopt } from './ffi.ts';
import { SK_MEMINFO_DROPS, SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_MEMINFO, SOL_SOCKET } from './structs.ts';

const LOAD_BYTE = 0x30; // A = [k], one octet; a datagram that is too short passes no filter
const LOAD_LENGTH = 0x80; // A = length
const IF_EQUAL = 0x15;
const IF_GREATER = 0x25;
const RETURN = 0x06;
/** A UDP socket's filter sees the UDP header first. */
const UDP_HEADER = 8;
const WHOLE = 0xffff_ffff;

/** See DatagramSocket.refuse (socket(7), SO_ATTACH_FILTER). At most some hundred octets. */
export function refuseKind(fd: number, kind: DatagramKind | undefined): boolean {
  if (kind === undefined) {
    const arena = new Arena(64);
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, arena.pointer(0), 4) === 0;
  }
  const first = UDP_HEADER + kind.at;
  const count = kind.octets.length;
  // Two instructions an octet; whatever differs jumps to the last one of all.
  const program: Instruction[] = [
    [LOAD_LENGTH, 0],
    [IF_GREATER, first + count - 1, 0, 2 * count + 1],
    ...kind.octets.flatMap((octet, i): Instruction[] => [
      [LOAD_BYTE, first + i],
      [IF_EQUAL, octet, 0, 2 * (count - i) - 1],
    ]),
    [RETURN, 0],
    [RETURN, WHOLE],
  ];
  return attachProgram(fd, SO_ATTACH_FILTER, program);
}

/** See DatagramSocket.dropped; 0 where the kernel does not tell. */
export function droppedBy(fd: number): number {
  const arena = new Arena(128);
  const counters = arena.take(4 * (SK_MEMINFO_DROPS + 1));
  const length = arena.take(4);
  arena.setInt(length, 4 * (SK_MEMINFO_DROPS + 1));
  const failed = getsockopt(fd, SOL_SOCKET, SO_MEMINFO, arena.pointer(counters), arena.pointer(length)) !== 0;
  return failed ? 0 : arena.getInt(counters + 4 * SK_MEMINFO_DROPS);
}
