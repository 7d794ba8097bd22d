import type { AddressBook } from '../address-book.ts';
import type {
  AttachOptions,
  BoundSocket,
  Datagram,
  DatagramKind,
  DatagramSocket,
  TransmitList,
} from '../datagram.ts';
import { Arena } from './arena.ts';
import { setsockopt } from './ffi.ts';
import { ReceiveRing } from './receive-ring.ts';
import { droppedBy, refuseKind } from './refusal.ts';
import { SOL_UDP, UDP_SEGMENT } from './structs.ts';
import { TransmitQueue } from './transmit-queue.ts';

/** What the kernel takes in one message (UDP_MAX_SEGMENTS; 128 since Linux 6.9). */
const MAX_SEGMENTS = 64;

/** A UDP socket that receives with recvmmsg and sends with sendmmsg, for as long as it is attached. */
export class BatchSocket implements DatagramSocket {
  readonly bound: BoundSocket;
  readonly numbers: AddressBook | undefined;
  /** The poller that watches this socket wants to know when sending has to wait. */
  onBlocked: ((blocked: boolean) => void) | undefined;
  readonly #ring: ReceiveRing;
  readonly #queue: TransmitQueue;
  #blocked = false;
  #refuses = false;

  /** `book`: for an IPv6 socket. */
  constructor(bound: BoundSocket, options: AttachOptions = {}, book?: AddressBook) {
    this.bound = bound;
    this.numbers = book;
    this.#ring = new ReceiveRing(options.batch ?? 64, options.slotBytes ?? 2048, book);
    const gso = knowsSegments(bound.fd);
    this.#queue = new TransmitQueue(bound.fd, options.outMessages ?? 256, { gso, book });
  }

  get out(): TransmitList {
    return this.#queue;
  }

  get onFailure(): DatagramSocket['onFailure'] {
    return this.#queue.onFailure;
  }

  set onFailure(callback: DatagramSocket['onFailure']) {
    this.#queue.onFailure = callback;
  }

  receive(): number {
    // Any failure (EAGAIN, an ICMP error that is told once) means the same: nothing to read now.
    return Math.max(0, this.#ring.receive(this.bound.fd));
  }

  datagram(index: number): Datagram {
    const slot = this.#ring.slots[index];
    if (!slot) throw new RangeError(`Cannot read datagram ${index}: the batch is smaller`);
    return slot;
  }

  flush(): boolean {
    const done = this.#queue.flush();
    if (done === this.#blocked) {
      this.#blocked = !done;
      this.onBlocked?.(this.#blocked);
    }
    return done;
  }

  refuse(kind: DatagramKind | undefined): boolean {
    if (kind === undefined && !this.#refuses) return true;
    const done = refuseKind(this.bound.fd, kind);
    if (done) this.#refuses = kind !== undefined;
    return done;
  }

  dropped(): number {
    return droppedBy(this.bound.fd);
  }

  maxGsoSegments(): number {
    return this.#queue.gso ? MAX_SEGMENTS : 1;
  }

  detach(): void {
    this.refuse(undefined); // the bound socket is for whoever comes next
    this.onBlocked = undefined;
    this.#queue.onFailure = undefined;
  }
}

/** UDP_SEGMENT exists since Linux 4.18; size 0 as the default changes nothing. */
function knowsSegments(fd: number): boolean {
  const arena = new Arena(64);
  arena.setInt(0, 0);
  return setsockopt(fd, SOL_UDP, UDP_SEGMENT, arena.pointer(0), 4) === 0;
}
