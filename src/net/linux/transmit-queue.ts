import type { Ipv4 } from '../../lib/ipv4.ts';
import type { AddressBook } from '../address-book.ts';
import type { Content, TransmitList, TransmitSource } from '../datagram.ts';
import { Arena } from './arena.ts';
import { MappedContent } from './content.ts';
import { errnoName, lastErrno, sendmmsg } from './ffi.ts';
import { writeAddress6 } from './sockaddr.ts';
import * as s from './structs.ts';

const CONTROL = 64;
const FLAGS = s.MSG_DONTWAIT | s.MSG_NOSIGNAL;
/** What one message may need at most: begin() makes sure that it is there. */
const IOVS_PER_MESSAGE = 256;
const BYTES_PER_MESSAGE = 66_000;
const NO_GSO = new Set(['EIO', 'EOPNOTSUPP', 'ENOPROTOOPT']);

/**
 * The sending half of a batch socket: messages are laid out for sendmmsg as they are described, and go out with one call.
 *
 * Message i owns header i, name i and control i; I/O vectors and copied octets are taken in order from common areas.
 * `#next` is the first unsent message, `#count` the end; both return to 0 when all is sent.
 */
export class TransmitQueue implements TransmitList {
  /** Told of every datagram that cannot be sent. */
  onFailure: ((tag: unknown, errno: string) => void) | undefined;
  /** The device takes UDP GSO; cleared when it refuses. */
  gso: boolean;
  readonly #fd: number;
  /** It is an IPv6 socket's. */
  readonly #book: AddressBook | undefined;
  /** Octets from one name to the next. */
  readonly #stride: number;
  readonly #capacity: number;
  readonly #arena: Arena;
  readonly #headers: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #iovs: number;
  readonly #iovsEnd: number;
  readonly #octets: number;
  readonly #octetsEnd: number;
  readonly #tags: unknown[];
  #next = 0;
  #count = 0;
  #iov: number;
  #octet: number;
  #firstIov = 0;
  #messageBytes = 0;
  #open = false;

  constructor(fd: number, capacity: number, { gso, book }: { gso: boolean; book?: AddressBook | undefined }) {
    this.#fd = fd;
    this.#book = book;
    this.#stride = book ? 32 : s.SOCKADDR_IN;
    this.#capacity = capacity;
    this.gso = gso;
    const iovBytes = (capacity * 34 + IOVS_PER_MESSAGE) * s.IOVEC;
    const octetBytes = capacity * 640 + BYTES_PER_MESSAGE;
    const headerBytes = (capacity + 1) * (s.MMSGHDR + this.#stride + CONTROL);
    const arena = new Arena(headerBytes + iovBytes + octetBytes + 256);
    this.#arena = arena;
    this.#headers = arena.take((capacity + 1) * s.MMSGHDR);
    this.#names = arena.take(capacity * this.#stride);
    this.#controls = arena.take((capacity + 1) * CONTROL);
    this.#iovs = arena.take(iovBytes);
    this.#iovsEnd = this.#iovs + iovBytes;
    this.#octets = arena.take(octetBytes);
    this.#octetsEnd = this.#octets + octetBytes;
    this.#iov = this.#iovs;
    this.#octet = this.#octets;
    this.#tags = new Array(capacity).fill(undefined);
    for (let i = 0; i < capacity; i++) {
      const header = this.#headers + i * s.MMSGHDR;
      const name = this.#names + i * this.#stride;
      arena.view.setUint16(name, book ? s.AF_INET6 : s.AF_INET, true);
      arena.setLong(header + s.MSG_NAME, arena.pointer(name));
      arena.setInt(header + s.MSG_NAMELEN, book ? s.SOCKADDR_IN6 : s.SOCKADDR_IN);
      arena.setLong(header + s.MSG_CONTROL, arena.pointer(this.#controls + i * CONTROL));
    }
  }

  get length(): number {
    return this.#count - this.#next;
  }

  begin(to: Ipv4, port: number, source?: TransmitSource): void {
    this.#open = this.#hasRoom() || (this.flush() && this.#hasRoom());
    if (!this.#open) {
      this.onFailure?.(source?.tag, 'EAGAIN');
      return;
    }
    const index = this.#count;
    const name = this.#names + index * this.#stride;
    this.#arena.view.setUint16(name + 2, port);
    if (this.#book !== undefined) this.#open = this.#writeName6(name, to, this.#book);
    else this.#arena.view.setUint32(name + 4, to);
    if (!this.#open) {
      this.onFailure?.(source?.tag, 'EHOSTUNREACH');
      return;
    }
    this.#tags[index] = source?.tag;
    this.#firstIov = this.#iov;
    this.#messageBytes = 0;
    const header = this.#headers + index * s.MMSGHDR;
    const pinned = source !== undefined && (source.from !== 0 || source.ifindex !== 0);
    const control = this.#controls + index * CONTROL;
    let used = 0;
    if (pinned && this.#book !== undefined) used = this.#writePktinfo6(control, source, this.#book);
    else if (pinned) used = this.#writePktinfo(control, source);
    this.#arena.setLong(header + s.MSG_CONTROLLEN, used);
  }

  bytes(data: Uint8Array): void {
    if (!this.#open) return;
    if (this.#messageBytes + data.length > BYTES_PER_MESSAGE) {
      throw new RangeError(`Cannot send ${this.#messageBytes + data.length} octets in one datagram`);
    }
    this.#arena.bytes.set(data, this.#octet);
    this.#pushIov(this.#arena.pointer(this.#octet), data.length);
    this.#octet += (data.length + 3) & ~3;
  }

  words(first: number, second: number): void {
    if (!this.#open) return;
    const at = this.#octet;
    const { bytes } = this.#arena;
    bytes[at] = first >>> 8;
    bytes[at + 1] = first;
    bytes[at + 2] = second >>> 8;
    bytes[at + 3] = second;
    this.#pushIov(this.#arena.pointer(at), 4);
    this.#octet = at + 4;
  }

  slice(content: Content, offset: number, length: number): void {
    if (!this.#open || length === 0) return;
    if (!(content instanceof MappedContent)) throw new TypeError('Cannot send content of another backend');
    if (offset < 0 || offset + length > content.sizeBytes) {
      throw new RangeError(`Cannot send octets ${offset} to ${offset + length} of ${content.sizeBytes}`);
    }
    this.#pushIov(content.address + offset, length);
  }

  end(segmentSize = 0): void {
    if (!this.#open) return;
    this.#open = false;
    const index = this.#count;
    const header = this.#headers + index * s.MMSGHDR;
    this.#arena.setLong(header + s.MSG_IOV, this.#arena.pointer(this.#firstIov));
    this.#arena.setLong(header + s.MSG_IOVLEN, (this.#iov - this.#firstIov) / s.IOVEC);
    if (segmentSize > 0 && segmentSize < this.#messageBytes) this.#writeSegment(index, segmentSize);
    this.#count = index + 1;
  }

  /** Sends all it can; false when the socket's buffer is full. */
  flush(): boolean {
    while (this.#next < this.#count) {
      const first = this.#headers + this.#next * s.MMSGHDR;
      const sent = sendmmsg(this.#fd, this.#arena.pointer(first), this.#count - this.#next, FLAGS);
      if (sent > 0) {
        this.#next += sent;
        continue;
      }
      const errno = errnoName(lastErrno());
      if (errno === 'EAGAIN') return false;
      // EINTR sent nothing; ECONNREFUSED tells of an earlier datagram and is gone by asking.
      if (errno !== 'EINTR' && errno !== 'ECONNREFUSED') this.#giveUp(this.#next++, errno);
    }
    this.#next = 0;
    this.#count = 0;
    this.#iov = this.#iovs;
    this.#octet = this.#octets;
    return true;
  }

  #hasRoom(): boolean {
    return (
      this.#count < this.#capacity &&
      this.#iov + IOVS_PER_MESSAGE * s.IOVEC <= this.#iovsEnd &&
      this.#octet + BYTES_PER_MESSAGE <= this.#octetsEnd
    );
  }

  #pushIov(address: number, length: number): void {
    if (this.#iov - this.#firstIov >= IOVS_PER_MESSAGE * s.IOVEC) {
      throw new RangeError(`Cannot send more than ${IOVS_PER_MESSAGE} parts in one message`);
    }
    this.#arena.setLong(this.#iov, address);
    this.#arena.setLong(this.#iov + 8, length);
    this.#iov += s.IOVEC;
    this.#messageBytes += length;
  }

  #writePktinfo(control: number, source: TransmitSource): number {
    const { view } = this.#arena;
    this.#arena.setLong(control, s.PKTINFO_LEN);
    this.#arena.setInt(control + 8, s.SOL_IP);
    this.#arena.setInt(control + 12, s.IP_PKTINFO);
    this.#arena.setInt(control + s.CMSGHDR, source.ifindex);
    view.setUint32(control + s.CMSGHDR + 4, source.from);
    view.setUint32(control + s.CMSGHDR + 8, 0);
    return s.PKTINFO_SPACE;
  }

  #writePktinfo6(control: number, source: TransmitSource, book: AddressBook): number {
    const from = book.lookup(source.from);
    this.#arena.setLong(control, s.PKTINFO6_LEN);
    this.#arena.setInt(control + 8, s.SOL_IPV6);
    this.#arena.setInt(control + 12, s.IPV6_PKTINFO);
    writeAddress6(this.#arena, control + s.CMSGHDR, from?.address ?? [0, 0, 0, 0]);
    this.#arena.setInt(control + s.CMSGHDR + 16, source.ifindex || (from?.scope ?? 0));
    return s.PKTINFO6_SPACE;
  }

  /** False: nobody knows any more who that was. */
  #writeName6(name: number, to: number, book: AddressBook): boolean {
    const found = book.lookup(to);
    if (!found) return false;
    this.#arena.setInt(name + 4, 0);
    writeAddress6(this.#arena, name + 8, found.address);
    this.#arena.setInt(name + 24, found.scope);
    return true;
  }

  #writeSegment(index: number, segmentSize: number): void {
    const header = this.#headers + index * s.MMSGHDR;
    const used = this.#arena.getInt(header + s.MSG_CONTROLLEN);
    const control = this.#controls + index * CONTROL + used;
    this.#arena.setLong(control, s.SEGMENT_LEN);
    this.#arena.setInt(control + 8, s.SOL_UDP);
    this.#arena.setInt(control + 12, s.UDP_SEGMENT);
    this.#arena.setInt(control + s.CMSGHDR, segmentSize);
    this.#arena.setLong(header + s.MSG_CONTROLLEN, used + s.SEGMENT_SPACE);
  }

  /** A message refused because of its segments goes out again as single datagrams; any other failure is told. */
  #giveUp(index: number, errno: string): void {
    const control = this.#segmentControl(index);
    if (control === undefined || (errno !== 'EINVAL' && errno !== 'EMSGSIZE' && !NO_GSO.has(errno))) {
      this.onFailure?.(this.#tags[index], errno);
      return;
    }
    // EINVAL and EMSGSIZE: this one's segments exceed the route's MTU, which says nothing of the others.
    if (NO_GSO.has(errno)) this.gso = false;
    this.#sendSegments(index, this.#arena.getInt(control + s.CMSGHDR));
  }

  #segmentControl(index: number): number | undefined {
    const length = this.#arena.getInt(this.#headers + index * s.MMSGHDR + s.MSG_CONTROLLEN);
    const pktinfo = this.#book ? s.PKTINFO6_SPACE : s.PKTINFO_SPACE;
    if (length !== s.SEGMENT_SPACE && length !== pktinfo + s.SEGMENT_SPACE) return undefined;
    return this.#controls + index * CONTROL + length - s.SEGMENT_SPACE;
  }

  /** Segments begin and end with their I/O vectors, so a segment is a run of them. */
  #sendSegments(index: number, segmentSize: number): void {
    const { words, bytes } = this.#arena;
    const header = this.#headers + index * s.MMSGHDR;
    const scratch = this.#headers + this.#capacity * s.MMSGHDR;
    bytes.copyWithin(scratch, header, header + s.MMSGHDR);
    this.#arena.setLong(
      scratch + s.MSG_CONTROLLEN,
      this.#arena.getInt(header + s.MSG_CONTROLLEN) - s.SEGMENT_SPACE,
    );
    const total = words[(header + s.MSG_IOVLEN) >>> 2]!;
    const base = this.#iovOffset(header);
    for (let from = 0; from < total; ) {
      let length = 0;
      let to = from;
      while (to < total && length < segmentSize) length += words[(base + to++ * s.IOVEC + 8) >>> 2]!;
      this.#arena.setLong(scratch + s.MSG_IOV, this.#arena.pointer(base + from * s.IOVEC));
      this.#arena.setLong(scratch + s.MSG_IOVLEN, to - from);
      if (sendmmsg(this.#fd, this.#arena.pointer(scratch), 1, FLAGS) < 1) {
        this.onFailure?.(this.#tags[index], errnoName(lastErrno()));
        return;
      }
      from = to;
    }
  }

  #iovOffset(header: number): number {
    const low = this.#arena.getInt(header + s.MSG_IOV);
    const high = this.#arena.getInt(header + s.MSG_IOV + 4);
    return high * 0x1_0000_0000 + low - this.#arena.address;
  }
}
