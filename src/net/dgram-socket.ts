import type { RemoteInfo, Socket } from 'node:dgram';
import { concatBytes } from '../lib/bytes.ts';
import { formatIpv4, parseIpv4 } from '../lib/ipv4.ts';
import type { AddressBook } from './address-book.ts';
import type {
  AttachOptions,
  BoundSocket,
  Content,
  Datagram,
  DatagramSocket,
  TransmitList,
  TransmitSource,
} from './datagram.ts';
import { FileContent } from './dgram-content.ts';

type Outgoing = { to: number; port: number; tag: unknown; bytes: Uint8Array; failure?: string };
type Current = Omit<Outgoing, 'bytes'> & { parts: Uint8Array[] };
type Flushable = { flush(): boolean; onFailure: DatagramSocket['onFailure'] };
type Incoming = { bytes: Uint8Array; info: RemoteInfo };

/** What may wait here before datagrams are dropped, as a full kernel buffer would. */
const MAX_QUEUED = 4096;
const MAX_IN_FLIGHT = 1024;

/** A node:dgram socket behind the plain face: the event loop fills a queue, receive() empties it. */
export class EventSocket implements DatagramSocket {
  readonly bound: BoundSocket;
  readonly numbers: AddressBook | undefined;
  readonly out: OutgoingList;
  onFailure: DatagramSocket['onFailure'];
  /** The poller's. */
  onReady: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #batch: number;
  readonly #slotBytes: number;
  readonly #queue: Incoming[] = [];
  #received: Datagram[] = [];
  #inFlight = 0;
  #blocked = false;
  readonly #listener = (bytes: Uint8Array, info: RemoteInfo): void => {
    if (this.#queue.length >= MAX_QUEUED) return;
    this.#queue.push({ bytes, info });
    this.onReady?.();
  };

  /** `book`: for an IPv6 socket. */
  constructor(
    bound: BoundSocket,
    { socket, book }: { socket: Socket; book?: AddressBook },
    options: AttachOptions = {},
  ) {
    this.bound = bound;
    this.#socket = socket;
    this.numbers = book;
    this.#batch = options.batch ?? 64;
    this.#slotBytes = options.slotBytes ?? 2048;
    this.out = new OutgoingList(options.outMessages ?? 256, this);
    socket.on('message', this.#listener);
  }

  receive(): number {
    this.#received = this.#queue.splice(0, this.#batch).map((incoming) => this.#describe(incoming));
    return this.#received.length;
  }

  datagram(index: number): Datagram {
    const datagram = this.#received[index];
    if (!datagram) throw new RangeError(`Cannot read datagram ${index}: the batch is smaller`);
    return datagram;
  }

  /** Something to receive, or a blocked queue that may move again. */
  hasWork(): boolean {
    return this.#queue.length > 0 || (this.#blocked && this.#inFlight < MAX_IN_FLIGHT / 2);
  }

  flush(): boolean {
    const { queued } = this.out;
    let sent = 0;
    while (sent < queued.length && this.#inFlight < MAX_IN_FLIGHT) this.#send(queued[sent++]!);
    queued.splice(0, sent);
    this.#blocked = queued.length > 0;
    return !this.#blocked;
  }

  maxGsoSegments(): number {
    return 1;
  }

  detach(): void {
    this.#socket.off('message', this.#listener);
    this.onReady = undefined;
    this.onFailure = undefined;
  }

  #send({ to, port, tag, bytes, failure = this.#unknown(to) }: Outgoing): void {
    if (failure) {
      this.onFailure?.(tag, failure);
      return;
    }
    this.#inFlight++;
    try {
      this.#socket.send(bytes, port, this.numbers?.format(to) ?? formatIpv4(to), (error) =>
        this.#sent(tag, error),
      );
    } catch (error) {
      // A port of 0 and the like are refused before the system is asked.
      this.#sent(tag, { ...(error as Error), code: 'EINVAL' });
    }
  }

  #unknown(to: number): string | undefined {
    return this.numbers && !this.numbers.lookup(to) ? 'EHOSTUNREACH' : undefined;
  }

  #sent(tag: unknown, error: NodeJS.ErrnoException | null): void {
    this.#inFlight--;
    if (error && error.code !== 'ECONNREFUSED') this.onFailure?.(tag, error.code ?? 'EIO');
    if (this.#blocked && this.#inFlight < MAX_IN_FLIGHT / 2) this.onReady?.();
  }

  #describe({ bytes, info }: Incoming): Datagram {
    const kept = bytes.subarray(0, this.#slotBytes);
    const { numbers } = this;
    const peer = numbers ? numbers.numberOfText(info.address) : (parseIpv4(info.address) ?? 0);
    return {
      buffer: kept,
      // A full book has no number for one more.
      length: numbers && peer === 0 ? 0 : kept.length,
      bytes: kept,
      truncated: kept.length < bytes.length,
      peer,
      peerPort: info.port,
      local: this.bound.address,
      replyFrom: this.bound.address,
      ifindex: 0,
    };
  }
}

/** Collects parts; everything borrowed is read when the datagram ends, so nothing is borrowed longer. */
class OutgoingList implements TransmitList {
  readonly queued: Outgoing[] = [];
  readonly #capacity: number;
  readonly #socket: Flushable;
  #current: Current | undefined;

  constructor(capacity: number, socket: Flushable) {
    this.#capacity = capacity;
    this.#socket = socket;
  }

  get length(): number {
    return this.queued.length;
  }

  begin(to: number, port: number, source?: TransmitSource): void {
    this.#current = undefined;
    if (this.queued.length >= this.#capacity) this.#socket.flush();
    if (this.queued.length >= this.#capacity) this.#socket.onFailure?.(source?.tag, 'EAGAIN');
    else this.#current = { to, port, tag: source?.tag, parts: [] };
  }

  bytes(data: Uint8Array): void {
    this.#current?.parts.push(data.slice());
  }

  words(first: number, second: number): void {
    this.#current?.parts.push(Uint8Array.of(first >>> 8, first, second >>> 8, second));
  }

  slice(content: Content, offset: number, length: number): void {
    if (!this.#current || length === 0) return;
    if (!(content instanceof FileContent)) throw new TypeError('Cannot send content of another backend');
    if (offset < 0 || offset + length > content.sizeBytes) {
      throw new RangeError(`Cannot send octets ${offset} to ${offset + length} of ${content.sizeBytes}`);
    }
    const part = new Uint8Array(length);
    // As the kernel answers for a mapping whose file was cut short.
    if (!content.readInto(part, offset)) this.#current.failure = 'EFAULT';
    this.#current.parts.push(part);
  }

  end(segmentSize = 0): void {
    if (!this.#current) return;
    const { parts, ...rest } = this.#current;
    this.#current = undefined;
    const whole = concatBytes(parts);
    const size = segmentSize > 0 ? segmentSize : Math.max(1, whole.length);
    for (let at = 0; at === 0 || at < whole.length; at += size) {
      this.queued.push({ ...rest, bytes: whole.subarray(at, at + size) });
    }
  }
}
