import { Arena } from './arena.ts';
import * as s from './structs.ts';

/** What recvmmsg(2) takes at a time; with UDP_GRO each may be a window of datagrams in one. */
const SLOTS = 16;
const SLOT_BYTES = 65_536;
const SEND_BYTES = 65_536;
const CONTROL = 64;
/** Room for a socket address of either family. */
export const NAME_BYTES = 32;

/** Offsets of one message to receive; `data` is what it brought. */
export type Slot = {
  readonly header: number;
  readonly name: number;
  readonly control: number;
  readonly data: Uint8Array;
};

/** Tables of recvmmsg(2) and sendmmsg(2), laid out. */
export type PeerMemory = {
  readonly arena: Arena;
  /** The first slot's; the others follow. */
  readonly headers: number;
  readonly slots: readonly Slot[];
  /** Offsets of the one message to send. */
  readonly sending: {
    readonly header: number;
    readonly name: number;
    readonly control: number;
    readonly iov: number;
    readonly data: number;
  };
};

let memory: PeerMemory | undefined;

/** One for all sockets of a thread: nothing of it outlives a call, and to clear a megabyte takes longer than to fetch a small file. */
export function peerMemory(): PeerMemory {
  memory ??= layOut();
  return memory;
}

function layOut(): PeerMemory {
  const perSlot = s.MMSGHDR + s.IOVEC + NAME_BYTES + CONTROL + SLOT_BYTES + 80;
  const arena = new Arena((SLOTS + 1) * perSlot + SEND_BYTES + 1024);
  const headers = arena.take(SLOTS * s.MMSGHDR);
  const slots = Array.from({ length: SLOTS }, (_, i) => layOutSlot(arena, headers + i * s.MMSGHDR));
  const sending = {
    header: arena.take(s.MMSGHDR),
    name: arena.take(NAME_BYTES),
    control: arena.take(CONTROL),
    iov: arena.take(s.IOVEC),
    data: arena.take(SEND_BYTES),
  };
  connect(arena, sending);
  arena.setLong(sending.header + s.MSG_CONTROL, arena.pointer(sending.control));
  arena.setLong(sending.iov, arena.pointer(sending.data));
  return { arena, headers, slots, sending };
}

function layOutSlot(arena: Arena, header: number): Slot {
  const iov = arena.take(s.IOVEC);
  const name = arena.take(NAME_BYTES);
  const control = arena.take(CONTROL);
  const data = arena.take(SLOT_BYTES);
  connect(arena, { header, name, iov });
  arena.setLong(header + s.MSG_CONTROL, arena.pointer(control));
  arena.setLong(iov, arena.pointer(data));
  arena.setLong(iov + 8, SLOT_BYTES);
  rearm(arena, header);
  return { header, name, control, data: arena.bytes.subarray(data, data + SLOT_BYTES) };
}

function connect(arena: Arena, { header, name, iov }: { header: number; name: number; iov: number }): void {
  arena.setLong(header + s.MSG_NAME, arena.pointer(name));
  arena.setLong(header + s.MSG_IOV, arena.pointer(iov));
  arena.setLong(header + s.MSG_IOVLEN, 1);
}

/** Makes a slot ready again: the kernel writes lengths where it was told of room. */
export function rearm(arena: Arena, header: number): void {
  arena.setInt(header + s.MSG_NAMELEN, NAME_BYTES);
  arena.setLong(header + s.MSG_CONTROLLEN, CONTROL);
}
