import type { Ipv4 } from '../../lib/ipv4.ts';
import { type Ipv6, isLinkLocal, isMulticast6 } from '../../lib/ipv6.ts';
import type { AddressBook } from '../address-book.ts';
import type { Datagram } from '../datagram.ts';
import { Arena } from './arena.ts';
import { recvmmsg } from './ffi.ts';
import * as s from './structs.ts';

/** Room for IP_PKTINFO or IPV6_PKTINFO and whatever else the system adds. */
const CONTROL = 64;

/**
 * The receiving half of a batch socket: `batch` slots that recvmmsg fills, and one {@link Datagram} over each that is
 * reused for ever.
 */
export class ReceiveRing {
  readonly slots: readonly ReceivedDatagram[];
  readonly #arena: Arena;
  readonly #headers: number;
  readonly #nameBytes: number;

  /** `book`: it is an IPv6 socket's. */
  constructor(batch: number, slotBytes: number, book?: AddressBook) {
    this.#nameBytes = book ? s.SOCKADDR_IN6 : s.SOCKADDR_IN;
    const perSlot = s.MMSGHDR + s.IOVEC + this.#nameBytes + CONTROL + slotBytes + 80;
    this.#arena = new Arena(batch * perSlot + 256);
    this.#headers = this.#arena.take(batch * s.MMSGHDR);
    const layout = this.#arena;
    this.slots = Array.from({ length: batch }, (_, i) => {
      const header = this.#headers + i * s.MMSGHDR;
      const at = {
        header,
        iov: layout.take(s.IOVEC),
        name: layout.take(this.#nameBytes),
        control: layout.take(CONTROL),
        data: layout.take(slotBytes),
        slotBytes,
      };
      layout.setLong(header + s.MSG_NAME, layout.pointer(at.name));
      layout.setLong(header + s.MSG_IOV, layout.pointer(at.iov));
      layout.setLong(header + s.MSG_IOVLEN, 1);
      layout.setLong(header + s.MSG_CONTROL, layout.pointer(at.control));
      layout.setLong(at.iov, layout.pointer(at.data));
      layout.setLong(at.iov + 8, slotBytes);
      rearm(layout, header, this.#nameBytes);
      return new ReceivedDatagram(layout, at, book);
    });
  }

  /** How many arrived; negative when the call failed (EAGAIN: none). */
  receive(fd: number): number {
    const count = recvmmsg(fd, this.#arena.pointer(this.#headers), this.slots.length, s.MSG_DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      this.slots[i]!.load();
      rearm(this.#arena, this.#headers + i * s.MMSGHDR, this.#nameBytes);
    }
    return count;
  }
}

/** The kernel overwrites these lengths at every datagram. */
function rearm(arena: Arena, header: number, nameBytes: number): void {
  arena.setInt(header + s.MSG_NAMELEN, nameBytes);
  arena.setLong(header + s.MSG_CONTROLLEN, CONTROL);
}

type SlotLayout = {
  readonly header: number;
  readonly name: number;
  readonly control: number;
  readonly data: number;
  readonly slotBytes: number;
};

/** A slot's datagram; `load` reads what the kernel wrote around it. */
export class ReceivedDatagram implements Datagram {
  readonly buffer: Uint8Array;
  length = 0;
  truncated = false;
  peer: Ipv4 = 0;
  peerPort = 0;
  local: Ipv4 = 0;
  replyFrom: Ipv4 = 0;
  ifindex = 0;
  readonly #arena: Arena;
  readonly #at: SlotLayout;
  readonly #book: AddressBook | undefined;

  constructor(arena: Arena, at: SlotLayout, book: AddressBook | undefined) {
    this.#arena = arena;
    this.#book = book;
    this.#at = at;
    this.buffer = arena.bytes.subarray(at.data, at.data + at.slotBytes);
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  load(): void {
    const { view, words } = this.#arena;
    const { header, name, control } = this.#at;
    this.length = words[(header + s.MSG_LEN) >>> 2]!;
    this.truncated = (words[(header + s.MSG_FLAGS) >>> 2]! & s.MSG_TRUNC) !== 0;
    this.peerPort = view.getUint16(name + 2);
    this.local = 0;
    this.replyFrom = 0;
    this.ifindex = 0;
    if (this.#book !== undefined) {
      this.#load6(this.#book);
      return;
    }
    this.peer = view.getUint32(name + 4);
    // IP_PKTINFO is the only control message that open.ts asks for, so it is the first.
    if (
      words[(header + s.MSG_CONTROLLEN) >>> 2]! >= s.PKTINFO_LEN &&
      words[(control + 8) >>> 2] === s.SOL_IP &&
      words[(control + 12) >>> 2] === s.IP_PKTINFO
    ) {
      this.ifindex = words[(control + s.CMSGHDR) >>> 2]!;
      this.replyFrom = view.getUint32(control + s.CMSGHDR + 4);
      this.local = view.getUint32(control + s.CMSGHDR + 8);
    }
  }

  #load6(book: AddressBook): void {
    const { words } = this.#arena;
    const { header, name, control } = this.#at;
    this.peer = book.numberOf(this.#address(name + 8), words[(name + 24) >>> 2]!);
    // A book whose every place is held has none for one client more, and a datagram of nobody is no datagram.
    if (this.peer === 0) this.length = 0;
    if (
      words[(header + s.MSG_CONTROLLEN) >>> 2]! < s.PKTINFO6_LEN ||
      words[(control + 8) >>> 2] !== s.SOL_IPV6 ||
      words[(control + 12) >>> 2] !== s.IPV6_PKTINFO
    )
      return;
    const local = this.#address(control + s.CMSGHDR);
    this.ifindex = words[(control + s.CMSGHDR + 16) >>> 2]!;
    this.local = book.numberOf(local, isLinkLocal(local) ? this.ifindex : 0);
    this.replyFrom = isMulticast6(local) ? 0 : this.local;
  }

  #address(at: number): Ipv6 {
    const { view } = this.#arena;
    return [view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12)];
  }
}
