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
import { NAME_BYTES, peerMemory, rearm, type Slot } from './peer-memory.ts';
import { writeAddress6, writeAnyAddress6, writeSockaddr } from './sockaddr.ts';
import * as s from './structs.ts';

/** Of one message with segments: the kernel's limits (UDP_MAX_SEGMENTS, the largest datagram). */
const MAX_SEGMENTS = 64;
const MAX_MESSAGE = 65_000;

/** Node's timers know no shorter time. */
const LEAST_TIMER_MS = 1;

const MSG_WAITFORONE = 0x10000;
const MSG_ERRQUEUE = 0x2000;
const F_SETFL = 4;
const O_RDWR = 2;

/** Can they be had? What it takes to tell is loaded then. */
export function peerSocketsWork(): boolean {
  return c.layoutsHold();
}

/** Opens a client's socket; undefined where the layouts of structs.ts do not hold. */
export function openLinuxPeerSocket(spec: PeerSocketSpec): Outcome<PeerSocket> | undefined {
  if (!peerSocketsWork()) return undefined;
  const opened = openPeer(spec);
  if (!opened.ok) return opened;
  return { ok: true, value: new LinuxPeerSocket(opened.value.fd, opened.value.localPort, spec) };
}

/** Receives a window with one call and sends one as one message (UDP GRO, UDP GSO). */
class LinuxPeerSocket implements PeerSocket {
  readonly localPort: number;
  readonly #fd: number;
  readonly #memory = peerMemory();
  /** The peer's socket address, its port left out; and the words of it that are the address. */
  readonly #name: Uint8Array;
  readonly #nameBytes: number;
  readonly #peer: Uint32Array;
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
    const peer = new Arena(NAME_BYTES);
    writePeer(peer, spec);
    this.#name = peer.bytes.subarray(0, NAME_BYTES);
    this.#peer = spec.ipv6 ? peer.words.subarray(2, 6) : peer.words.subarray(1, 2);
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
    if (this.#woken || ms < LEAST_TIMER_MS) {
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
    const { slots } = this.#memory;
    const count = this.#receive(flags);
    if (count < 0) this.#noteError();
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (this.#isPeer(slot.name)) this.#hand(slot, take);
      rearm(this.#memory.arena, slot.header);
    }
    return Math.max(0, count);
  }

  #receive(flags: number): number {
    const { arena, headers, slots } = this.#memory;
    return c.recvmmsg(this.#fd, arena.pointer(headers), slots.length, flags, 0);
  }

  /** A message with segments is as many datagrams. */
  #hand({ header, name, control, data }: Slot, take: TakeDatagram): void {
    const { words, view } = this.#memory.arena;
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
    const { words } = this.#memory.arena;
    const first = (name + (this.#peer.length === 4 ? 8 : 4)) >>> 2;
    return this.#peer.every((word, i) => words[first + i] === word);
  }

  #sendOne(port: number, bytes: Uint8Array, segmentBytes: number): string | undefined {
    const { arena, sending } = this.#memory;
    arena.bytes.set(bytes, sending.data);
    arena.bytes.set(this.#name, sending.name);
    arena.view.setUint16(sending.name + 2, port);
    arena.setInt(sending.header + s.MSG_NAMELEN, this.#nameBytes);
    arena.setLong(sending.iov + 8, bytes.length);
    arena.setLong(sending.header + s.MSG_CONTROLLEN, segmentBytes === 0 ? 0 : s.SEGMENT_SPACE);
    if (segmentBytes !== 0) {
      arena.setLong(sending.control, s.SEGMENT_LEN);
      arena.setInt(sending.control + 8, s.SOL_UDP);
      arena.setInt(sending.control + 12, s.UDP_SEGMENT);
      arena.setInt(sending.control + s.CMSGHDR, segmentBytes);
    }
    // Twice: the first attempt may be told of an earlier datagram.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (c.sendmmsg(this.#fd, arena.pointer(sending.header), 1, s.MSG_NOSIGNAL) > 0) return undefined;
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
    const { arena, slots } = this.#memory;
    do {
      for (const { header } of slots) rearm(arena, header);
    } while (this.#receive(MSG_ERRQUEUE | s.MSG_DONTWAIT) > 0);
    for (const { header } of slots) rearm(arena, header);
    return errno;
  }
}

function writePeer(arena: Arena, { address, ipv6 }: PeerSocketSpec): void {
  if (!ipv6) {
    writeSockaddr(arena, 0, { address: parseIpv4(address) ?? 0, port: 0 });
    return;
  }
  const [bare = '', zone] = address.split('%', 2);
  const none: Ipv6 = [0, 0, 0, 0];
  writeAnyAddress6(arena, 0, 0);
  writeAddress6(arena, 8, parseIpv6(bare) ?? none);
  arena.setInt(24, zone === undefined ? 0 : scopeOf(zone));
}

function scopeOf(zone: string): number {
  return portableInterfaces().find(({ name }) => name === zone)?.index ?? (Number(zone) || 0);
}
