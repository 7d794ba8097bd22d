import type { Ipv4 } from '../lib/ipv4.ts';
import type { OpenBeneath, PageCache } from './files.ts';
import type { RecordingPorts } from './recording.ts';
import type { TcpPorts } from './tcp.ts';

/**
 * The plain face of datagram sockets: two backends, one behaviour (test/conformance runs over both).
 *
 * How it is used: the supervisor `bind`s each socket once, while it still may; whoever serves `attach`es a
 * {@link DatagramSocket} to the bound thing, adds it to a {@link Poller}, and after each wait drains `receive()` until
 * it returns 0, lays answers into `socket.out` and calls `flush()`. Nothing here throws because of the network:
 * failures are values that name their errno.
 *
 *     const bound = await network.bind({ interface: 'eth0', port: 67, broadcast: true });
 *     if (!bound.ok) return report(bound.error);
 *     const socket = network.attach(bound.value);
 *     const poller = network.createPoller();
 *     poller.add(socket);
 *     while (running) {
 *       await poller.waitAsync(nextDeadlineMs);
 *       for (let count = socket.receive(); count > 0; count = socket.receive()) {
 *         for (let i = 0; i < count; i++) handle(socket.datagram(i));
 *         socket.flush();
 *       }
 *     }
 */
export interface Network {
  readonly name: 'linux' | 'dgram';
  /** Opens and binds; the one step that may need privilege. */
  bind(spec: SocketSpec): Promise<Outcome<BoundSocket>>;
  /**
   * A working socket over a bound one. Any number one after the other (a restarted task): datagrams queued in the
   * kernel wait for the next. Not two at the same time.
   */
  attach(bound: BoundSocket, options?: AttachOptions): DatagramSocket;
  /** Closes the bound socket for good. */
  release(bound: BoundSocket): void;
  /**
   * Of sockets that share a port: all datagrams of one peer address go to the same one, whatever their source port. Given
   * in the order they were bound. False when the system cannot; it then goes by address and port.
   */
  keepTogether(sharing: readonly BoundSocket[]): boolean;
  createPoller(): Poller;
  /** Ends the wait of a poller of another thread, named by its {@link Poller.wakeFd}. */
  wake(wakeFd: number): void;
  /** Contents of an open file for {@link TransmitList.slice}; `fd` stays the caller's, open as long as the content. */
  openContent(fd: number, sizeBytes: number): Outcome<Content>;
  /** Nothing queued may still refer to it. */
  closeContent(content: Content): void;
  /** Interfaces with an index, whether they carry an address or not. */
  interfaces(): readonly InterfaceFacts[];
  /**
   * Whole Ethernet frames of one interface, where {@link canSendRaw}. Those that arrive: of this type (0: none), and, of
   * IPv4, with `udpTo` only UDP datagrams to that port. What this machine sends itself is not among them.
   */
  bindFrames(interfaceName: string, etherType: number, udpTo?: number): Outcome<BoundFrames>;
  /**
   * A socket for pinging: {@link attach}ed, its datagrams out are ICMP messages (port 0), those in whole IPv4 packets with an
   * echo reply, to whatever program. Absent where the system has none.
   */
  readonly bindEcho?: () => Outcome<BoundSocket>;
  /** The card also takes frames to this MAC, or all that pass by, as long as the socket is bound. Absent where it cannot. */
  readonly hearAlso?: (bound: BoundFrames, mac: string | 'all') => Outcome<undefined>;
  attachFrames(bound: BoundFrames): FrameSocket;
  releaseFrames(bound: BoundFrames): void;
  readonly recording?: RecordingPorts;
  /** For HTTP. */
  readonly tcp: TcpPorts;
  /** What a reader may know about memory and disk; undefined where the system does not tell. */
  readonly pageCache: PageCache | undefined;
  /** openat2(2) where the system has it: see {@link OpenBeneath}. */
  readonly openBeneath: OpenBeneath | undefined;
  /** This thread's effective capabilities, `CAP_NET_RAW`…; none where the system has no such thing. */
  capabilities(): readonly string[];
  /**
   * Becomes `account` (given when we are root) for good, with no capability left and none to be gained. In the main thread,
   * before any worker starts.
   */
  giveUpPrivileges(account: Account | undefined): Outcome<undefined>;
  /** sd_notify(3): `READY=1`, `STOPPING=1`… to the socket of NOTIFY_SOCKET. False when not delivered. */
  notify(socketPath: string, state: string): boolean;
  /** Does a socket of one interface ({@link SocketSpec.interface}) leave its port to sockets of others? */
  readonly bindsToInterface: boolean;
  /** Can {@link bindFrames} work here at all? */
  readonly canSendRaw: boolean;
  /** Does a datagram tell the address asked, and does `TransmitSource.from` choose the one that answers? */
  readonly selectsSource: boolean;
  /** Can a {@link BoundSocket} be posted to a worker thread, and a Poller wait there without an event loop? */
  readonly worksInThreads: boolean;
}

/** Whom to become. */
export type Account = { readonly uid: number; readonly gid: number };

export type SocketSpec = {
  /** 0.0.0.0 when left out; not for IPv6. */
  readonly address?: Ipv4;
  /** IPv6 on `::`, and nothing but IPv6: its peers and addresses are {@link PeerNumbers}. */
  readonly ipv6?: boolean;
  /** 0 lets the system choose; {@link BoundSocket.port} says what it chose. */
  readonly port: number;
  /** Only datagrams of this interface (SO_BINDTODEVICE); the dgram backend cannot and checks the address only. */
  readonly interface?: string;
  readonly broadcast?: boolean;
  /**
   * Several sockets share one port and the system spreads peers over them (SO_REUSEPORT); see {@link Network.keepTogether}. `claim`
   * is for the first of them: it fails when anybody has the port already, another process of ours included.
   */
  readonly reusePort?: boolean | 'claim';
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
};

/** A bound socket: plain data on Linux (the fd is shared by all threads of the process), so it can be posted to a worker. */
export type BoundSocket = {
  readonly backend: Network['name'];
  /** The descriptor on Linux; a number of the dgram backend's own otherwise. */
  readonly fd: number;
  readonly address: Ipv4;
  readonly port: number;
  readonly interface?: string;
  readonly ipv6?: boolean;
};

export type AttachOptions = {
  /** Datagrams taken by one receive(); 64 when left out. */
  readonly batch?: number;
  /** Octets kept of one datagram, the rest is cut off and `truncated` set; 2048 when left out. */
  readonly slotBytes?: number;
  /** Datagrams that `out` holds before it flushes by itself; 256 when left out. */
  readonly outMessages?: number;
};

export interface DatagramSocket {
  readonly bound: BoundSocket;
  /** What the numbers of this socket's peers stand for; undefined where they are IPv4 addresses. */
  readonly numbers?: PeerNumbers | undefined;
  /**
   * Takes what has arrived, at most one batch, without waiting. Returns how many; they are read with
   * {@link datagram} and are valid until the next receive(). 0 means nothing is left.
   */
  receive(): number;
  /** The same object for the same index at every batch: copy what must outlive the batch. */
  datagram(index: number): Datagram;
  /** Answers are laid here; `flush()` sends them. */
  readonly out: TransmitList;
  /**
   * Sends everything laid into `out`, in order. `false`: the socket's buffer is full (EAGAIN); what is left stays queued, and the
   * poller reports the socket as soon as flushing makes sense again. Failures are told to `onFailure`.
   */
  flush(): boolean;
  /** Called for each datagram that could not be sent, with its tag. Must not throw. */
  onFailure: ((tag: unknown, errno: string) => void) | undefined;
  /**
   * From now on the system itself drops datagrams that are like this, before they cost us anything; undefined: none any more.
   * What has arrived already stays. False when it cannot. Absent where no system could.
   */
  readonly refuse?: (kind: DatagramKind | undefined) => boolean;
  /** Datagrams that the system dropped since the socket was opened, for want of room or refused; modulo 2^32. */
  readonly dropped?: () => number;
  /** Segments that one message of `out` may hold (UDP GSO); 1 where unsupported or after the device refused it. */
  maxGsoSegments(): number;
  /** Gives the memory back and lets go of the bound socket, which stays open and keeps queueing. */
  detach(): void;
}

/** Datagrams that have these octets at this offset of their contents. */
export type DatagramKind = { readonly at: number; readonly octets: readonly number[] };

/**
 * IPv6 addresses as 32-bit numbers, the same ones for all sockets of a {@link Network}. No number is also the address of an IPv4 peer.
 * Numbers that nobody holds are forgotten when too many strangers have come.
 */
export interface PeerNumbers {
  /** `2001:db8::1`, `fe80::1%eth0`; `::` for a number that was forgotten. */
  format(number: number): string;
  /** As often as it is let go. */
  hold(number: number): void;
  letGo(number: number): void;
}

/** One received datagram. Everything is borrowed until the next receive(). */
export interface Datagram {
  /** The slot's memory: the datagram is its first `length` octets. For loops that must not allocate. */
  readonly buffer: Uint8Array;
  readonly length: number;
  /** A fresh view of exactly the datagram. */
  readonly bytes: Uint8Array;
  /** It was longer than the slot. */
  readonly truncated: boolean;
  readonly peer: Ipv4;
  readonly peerPort: number;
  /** The address it was sent to (IP_PKTINFO); 0 where the system does not tell. May be a broadcast or multicast address. */
  readonly local: Ipv4;
  /** An address of ours to answer from: `local`, or the interface's own when `local` is a broadcast; 0 if unknown. */
  readonly replyFrom: Ipv4;
  /** Index of the interface it arrived on; 0 where the system does not tell. */
  readonly ifindex: number;
}

/**
 * Datagrams on their way out: `begin`, then contents in order, then `end`. Nothing is sent before flush(), or before the list
 * is full (then it flushes by itself).
 */
export interface TransmitList {
  /** `from` and `ifindex` (0: let the system route) pick the source; `tag` comes back when sending fails. */
  begin(to: Ipv4, port: number, source?: TransmitSource): void;
  /** Copied. */
  bytes(data: Uint8Array): void;
  /** Two big-endian 16-bit numbers: a DATA or ACK header without making an array. */
  words(first: number, second: number): void;
  /** Borrowed until it was sent; the content must stay open as long. */
  slice(content: Content, offset: number, length: number): void;
  /** `segmentSize`: the system cuts the contents into datagrams of this size, the last may be shorter (UDP GSO). */
  end(segmentSize?: number): void;
  /** Datagrams queued. */
  readonly length: number;
}

export type TransmitSource = {
  readonly from: Ipv4;
  readonly ifindex: number;
  readonly tag?: unknown;
};

/** File contents which a transmit list can send: a mapping on Linux, read on demand elsewhere. */
export interface Content {
  readonly sizeBytes: number;
}

/** What the poller found. */
export interface Poller {
  add(socket: DatagramSocket | FrameSocket): void;
  remove(socket: DatagramSocket | FrameSocket): void;
  /**
   * Blocks this thread until a socket has datagrams (or a blocked one can send again), wake() was called or the time is over.
   * Infinity waits without end. Throws where {@link Network.worksInThreads} is false.
   */
  wait(timeoutMs: number): void;
  /** The same for a thread that has an event loop to keep running. One wait at a time. */
  waitAsync(timeoutMs: number): Promise<void>;
  /** The sockets the last wait found ready, as `ready(0)` to `ready(readyCount - 1)`. */
  readonly readyCount: number;
  ready(index: number): DatagramSocket | FrameSocket;
  /** The last wait was ended by wake(). */
  readonly woken: boolean;
  /** Ends a wait, now or the next one. */
  wake(): void;
  /** The number to give to {@link Network.wake} in another thread; -1 where there is none. */
  readonly wakeFd: number;
  close(): void;
}

/** A bound packet socket: plain data, as {@link BoundSocket}. */
export type BoundFrames = { readonly fd: number; readonly interface: string; readonly ifindex: number };

/** Whole frames, Ethernet header included, in and out of one interface. */
export interface FrameSocket {
  readonly bound: BoundFrames;
  /** undefined: sent; otherwise the errno's name. */
  send(frame: Uint8Array): string | undefined;
  /** The next frame that arrived, borrowed until the next call; undefined when there is none. */
  receive(): Uint8Array | undefined;
  detach(): void;
}

/** What a server wants to know about an interface. */
export type InterfaceFacts = {
  readonly name: string;
  readonly index: number;
  /** Lower-case text; `00:00:00:00:00:00` on loopback. */
  readonly mac: string;
  readonly mtu: number;
  /** Administratively up. */
  readonly up: boolean;
  /** Has a carrier. */
  readonly running: boolean;
  readonly loopback: boolean;
  readonly addresses: readonly { readonly address: Ipv4; readonly prefixLength: number }[];
  /** Has an IPv6 address besides the link-local one, which every interface has. */
  readonly ipv6?: boolean;
};

/** A result whose failure names the system call and its errno. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: NetError };

export type NetError = {
  /** `bind`, `socket`, `setsockopt SO_BINDTODEVICE`… */
  readonly operation: string;
  /** `EADDRINUSE`, `EPERM`, `ENODEV`… */
  readonly errno: string;
};
