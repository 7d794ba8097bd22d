import { parseIpv4 } from '../../lib/ipv4.ts';
import { type Ipv6, parseIpv6 } from '../../lib/ipv6.ts';
import type { Outcome } from '../datagram.ts';
import { portableInterfaces } from '../interfaces.ts';
import type { PeerSocket, PeerSocketSpec, TakeDatagram } from '../peer-socket.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { createLooking, LOOK_MS } from './looking.ts';
import { closeFd } from './open.ts';
import { openPeer, SLEEP_MS, UDP_GRO } from './open-peer.ts';
import { writeAddress6, writeAnyAddress6, writeSockaddr } from './sockaddr.ts';
import * as s from './structs.ts';

/** What recvmmsg(2) takes at a time; with UDP_GRO each may be a window of datagrams in one. */
const SLOTS = 16;
const SLOT_BYTES = 65_536;
const CONTROL = 64;
const SEND_BYTES = 65_536;
/** Of one message with segments: the kernel's limits (UDP_MAX_SEGMENTS, the largest datagram). */
const MAX_SEGMENTS = 64;
const MAX_MESSAGE = 65_000;

const MSG_WAITFORONE = 0x10000;
const MSG_ERRQUEUE = 0x2000;
const F_SETFL = 4;
const O_RDWR = 2;

/** Opens a client's socket; undefined where the layouts of structs.ts do not hold. */
export function openLinuxPeerSocket(spec: PeerSocketSpec): Outcome<PeerSocket> | undefined {
  if (!c.layoutsHold()) return undefined;
  const opened = openPeer(spec);
  if (!opened.ok) return opened;
  return { ok: true, value: new LinuxPeerSocket(opened.value.fd, opened.value.localPort, spec) };
}

type Slot = {
  readonly header: number;
  readonly name: number;
  readonly control: number;
  readonly data: Uint8Array;
};

/** Receives a window with one call and sends one as one message (UDP GRO, UDP GSO). */
class LinuxPeerSocket implements PeerSocket {
  readonly localPort: number;
  readonly #fd: number;
  readonly #arena: Arena;
  readonly #slots: readonly Slot[];
  readonly #headers: number;
  readonly #nameBytes: number;
  /** The peer's address as the kernel writes it, port left out. */
  readonly #peer: Uint32Array;
  readonly #sendHeader: number;
  readonly #sendName: number;
  readonly #sendControl: number;
  readonly #sendIov: number;
  readonly #sendData: number;
  readonly #alone: boolean;
  #gso = true;
  #error: string | undefined;
  readonly #looking = createLooking();
  #watch: c.ReadWatch | undefined;
  #resume: (() => void) | undefined;
  #woken = false;

  constructor(fd: number, localPort: number, spec: PeerSocketSpec) {
    this.#fd = fd;
    this.localPort = localPort;
    this.#alone = spec.alone ?? false;
    this.#nameBytes = spec.ipv6 ? s.SOCKADDR_IN6 : s.SOCKADDR_IN;
    const perSlot = s.MMSGHDR + s.IOVEC + 32 + CONTROL + SLOT_BYTES + 80;
    const arena = new Arena((SLOTS + 1) * perSlot + SEND_BYTES + 1024);
    this.#arena = arena;
    this.#headers = arena.take(SLOTS * s.MMSGHDR);
    this.#slots = Array.from({ length: SLOTS }, (_, i) => this.#layOut(this.#headers + i * s.MMSGHDR));
    this.#sendHeader = arena.take(s.MMSGHDR);
    this.#sendName = arena.take(32);
    this.#sendControl = arena.take(CONTROL);
    this.#sendIov = arena.take(s.IOVEC);
    this.#sendData = arena.take(SEND_BYTES);
    arena.setLong(this.#sendHeader + s.MSG_NAME, arena.pointer(this.#sendName));
    arena.setInt(this.#sendHeader + s.MSG_NAMELEN, this.#nameBytes);
    arena.setLong(this.#sendHeader + s.MSG_IOV, arena.pointer(this.#sendIov));
    arena.setLong(this.#sendHeader + s.MSG_IOVLEN, 1);
    arena.setLong(this.#sendHeader + s.MSG_CONTROL, arena.pointer(this.#sendControl));
    arena.setLong(this.#sendIov, arena.pointer(this.#sendData));
    this.#writePeer(spec);
    const first = (this.#sendName + (spec.ipv6 ? 8 : 4)) >>> 2;
    this.#peer = arena.words.slice(first, first + (spec.ipv6 ? 4 : 1));
  }

  receive(take: TakeDatagram, waitMs = 0): number {
    const count = this.#take(take, s.MSG_DONTWAIT);
    if (count > 0 || waitMs <= 0) return count;
    const found = this.#look(take);
    if (found > 0 || !this.#alone || waitMs < SLEEP_MS) return found;
    return this.#take(take, MSG_WAITFORONE);
  }

  send(port: number, bytes: Uint8Array, segmentBytes = bytes.length): void {
    if (bytes.length <= segmentBytes) {
      this.#sendOne(port, bytes, 0);
      return;
    }
    const most = this.#gso ? Math.min(MAX_SEGMENTS, Math.max(1, Math.floor(MAX_MESSAGE / segmentBytes))) : 1;
    const stride = most * segmentBytes;
    for (let at = 0; at < bytes.length; at += stride) {
      const part = bytes.subarray(at, at + stride);
      const errno = this.#sendOne(port, part, part.length > segmentBytes ? segmentBytes : 0);
      if (errno === undefined || part.length <= segmentBytes) continue;
      // The device, or the route's MTU, does not take segments: one by one then.
      this.#gso = false;
      this.#error = undefined;
      this.send(port, bytes.subarray(at), segmentBytes);
      return;
    }
  }

  takeError(): string | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  wait(ms: number): Promise<void> {
    if (this.#woken || ms <= 0) {
      this.#woken = false;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => this.#resume?.(), ms);
      const watch = this.#watching();
      this.#resume = () => {
        this.#resume = undefined;
        this.#woken = false;
        watch.stop();
        clearTimeout(timer);
        // The watch calls us outside of Node's own callbacks: see linux/epoll.ts.
        setImmediate(resolve);
      };
      watch.start(this.#resume);
    });
  }

  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  /** Only a wait does. */
  unref(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  async close(): Promise<void> {
    this.#resume?.();
    this.#watch?.close();
    closeFd(this.#fd);
  }

  /** libuv makes what it watches non-blocking, but nothing of it reads here. */
  #watching(): c.ReadWatch {
    if (this.#watch === undefined) {
      this.#watch = c.watchReadable(this.#fd);
      c.fcntl(this.#fd, F_SETFL, O_RDWR);
    }
    return this.#watch;
  }

  #layOut(header: number): Slot {
    const arena = this.#arena;
    const iov = arena.take(s.IOVEC);
    const name = arena.take(32);
    const control = arena.take(CONTROL);
    const data = arena.take(SLOT_BYTES);
    arena.setLong(header + s.MSG_NAME, arena.pointer(name));
    arena.setLong(header + s.MSG_IOV, arena.pointer(iov));
    arena.setLong(header + s.MSG_IOVLEN, 1);
    arena.setLong(header + s.MSG_CONTROL, arena.pointer(control));
    arena.setLong(iov, arena.pointer(data));
    arena.setLong(iov + 8, SLOT_BYTES);
    this.#rearm(header);
    return { header, name, control, data: arena.bytes.subarray(data, data + SLOT_BYTES) };
  }

  #rearm(header: number): void {
    this.#arena.setInt(header + s.MSG_NAMELEN, this.#nameBytes);
    this.#arena.setLong(header + s.MSG_CONTROLLEN, CONTROL);
  }

  #writePeer({ address, ipv6 }: PeerSocketSpec): void {
    const arena = this.#arena;
    if (!ipv6) {
      writeSockaddr(arena, this.#sendName, { address: parseIpv4(address) ?? 0, port: 0 });
      return;
    }
    const [bare = '', zone] = address.split('%', 2);
    const none: Ipv6 = [0, 0, 0, 0];
    writeAnyAddress6(arena, this.#sendName, 0);
    writeAddress6(arena, this.#sendName + 8, parseIpv6(bare) ?? none);
    arena.setInt(this.#sendName + 24, zone === undefined ? 0 : scopeOf(zone));
  }

  /** A short look again and again: answers in lock-step come within microseconds. */
  #look(take: TakeDatagram): number {
    if (!this.#looking.isWorthIt()) return 0;
    const started = performance.now();
    let count = 0;
    let now = started;
    for (; count === 0 && now - started < LOOK_MS; now = performance.now()) {
      count = this.#take(take, s.MSG_DONTWAIT);
    }
    this.#looking.looked(count > 0, now - started);
    return count;
  }

  #take(take: TakeDatagram, flags: number): number {
    const count = c.recvmmsg(this.#fd, this.#arena.pointer(this.#headers), SLOTS, flags, 0);
    if (count < 0) this.#noteError();
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i]!;
      if (this.#isPeer(slot.name)) this.#hand(slot, take);
      this.#rearm(slot.header);
    }
    return Math.max(0, count);
  }

  /** A message with segments is as many datagrams. */
  #hand({ header, name, control, data }: Slot, take: TakeDatagram): void {
    const { words, view } = this.#arena;
    const length = words[(header + s.MSG_LEN) >>> 2]!;
    const port = view.getUint16(name + 2);
    const segmented =
      words[(header + s.MSG_CONTROLLEN) >>> 2]! > s.CMSGHDR &&
      words[(control + 8) >>> 2] === s.SOL_UDP &&
      words[(control + 12) >>> 2] === UDP_GRO;
    const size = segmented ? words[(control + s.CMSGHDR) >>> 2]! : length;
    if (size >= length || size === 0) {
      take(data.subarray(0, length), port);
      return;
    }
    for (let at = 0; at < length; at += size) take(data.subarray(at, Math.min(at + size, length)), port);
  }

  #isPeer(name: number): boolean {
    const { words } = this.#arena;
    const first = (name + (this.#peer.length === 4 ? 8 : 4)) >>> 2;
    return this.#peer.every((word, i) => words[first + i] === word);
  }

  #sendOne(port: number, bytes: Uint8Array, segmentBytes: number): string | undefined {
    const arena = this.#arena;
    arena.bytes.set(bytes, this.#sendData);
    arena.view.setUint16(this.#sendName + 2, port);
    arena.setLong(this.#sendIov + 8, bytes.length);
    arena.setLong(this.#sendHeader + s.MSG_CONTROLLEN, segmentBytes === 0 ? 0 : s.SEGMENT_SPACE);
    if (segmentBytes !== 0) {
      arena.setLong(this.#sendControl, s.SEGMENT_LEN);
      arena.setInt(this.#sendControl + 8, s.SOL_UDP);
      arena.setInt(this.#sendControl + 12, s.UDP_SEGMENT);
      arena.setInt(this.#sendControl + s.CMSGHDR, segmentBytes);
    }
    // Twice: the first attempt may be told of an earlier datagram.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (c.sendmmsg(this.#fd, arena.pointer(this.#sendHeader), 1, s.MSG_NOSIGNAL) > 0) return undefined;
      const errno = this.#noteError();
      if (errno !== 'ECONNREFUSED' && errno !== 'EINTR') return errno;
    }
    return undefined;
  }

  /** Keeps what went wrong, and empties the queue of such news: it would make the socket readable for ever. */
  #noteError(): string {
    const errno = c.errnoName(c.lastErrno());
    if (errno === 'EAGAIN' || errno === 'EINTR') return errno;
    this.#error = errno;
    const flags = MSG_ERRQUEUE | s.MSG_DONTWAIT;
    while (c.recvmmsg(this.#fd, this.#arena.pointer(this.#headers), SLOTS, flags, 0) > 0) {
      for (const { header } of this.#slots) this.#rearm(header);
    }
    for (const { header } of this.#slots) this.#rearm(header);
    return errno;
  }
}

function scopeOf(zone: string): number {
  return portableInterfaces().find(({ name }) => name === zone)?.index ?? (Number(zone) || 0);
}
