import { createSocket, type Socket } from 'node:dgram';

/**
 * A UDP socket of a client: it talks to one host, from one port of its own, to whatever port that host answers from. Two
 * backends, as for servers: `openPeerSocket` here (node:dgram), and linux/peer-socket.ts.
 */
export interface PeerSocket {
  readonly localPort: number;
  /**
   * Takes what has arrived: `take` gets each datagram of the peer, borrowed for the call. With `waitMs` it waits for the first one as
   * long as that is a matter of microseconds; how long that is is the backend's affair. How many there were.
   */
  receive(take: TakeDatagram, waitMs?: number): number;
  /** To a port of the peer; copied. With `segmentBytes` cut into datagrams of that size, the last may be shorter. */
  send(port: number, bytes: Uint8Array, segmentBytes?: number): void;
  /** What the system told of earlier datagrams, once: `ECONNREFUSED` when nobody listens there, `ENETUNREACH`… */
  takeError(): string | undefined;
  /** Waits, and lets the event loop turn, until something has arrived, {@link wake} was called, or the time is over. */
  wait(ms: number): Promise<void>;
  wake(): void;
  /** From now on it keeps no process alive. */
  unref(): void;
  /** What was sent goes out still. Resolves when the port is free. */
  close(): Promise<void>;
}

export type TakeDatagram = (bytes: Uint8Array, port: number) => void;

export type PeerSocketSpec = {
  /** IPv4, or IPv6 with a scope where it needs one (`fe80::1%eth0`), as the system writes it. */
  readonly address: string;
  readonly ipv6: boolean;
  /** 0, or left out: the system chooses. */
  readonly localPort?: number;
  /** Wait in system calls: nothing else goes on in this process. */
  readonly alone?: boolean;
};

/** What may wait here before datagrams are dropped, as a full kernel buffer would. */
const MAX_QUEUED = 4096;
const RECEIVE_BUFFER_BYTES = 4 << 20;

/** Opens one over node:dgram. Rejects with the system's error. */
export function openPeerSocket(spec: PeerSocketSpec): Promise<PeerSocket> {
  const socket = createSocket({ type: spec.ipv6 ? 'udp6' : 'udp4' });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: spec.localPort ?? 0, exclusive: true }, () => {
      socket.off('error', reject);
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      } catch {
        // The system's limit is lower: its default stays.
      }
      resolve(new DgramPeerSocket(socket, spec.address));
    });
  });
}

type Waiting = { readonly bytes: Uint8Array; readonly port: number };

class DgramPeerSocket implements PeerSocket {
  readonly localPort: number;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #queue: Waiting[] = [];
  #error: string | undefined;
  #resume: (() => void) | undefined;
  #woken = false;
  /** Datagrams that Node has not handed to the system yet. */
  #underWay = 0;
  #closing: (() => void) | undefined;

  constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    this.localPort = socket.address().port;
    socket.on('message', (bytes, info) => {
      if (info.address !== address || this.#queue.length >= MAX_QUEUED) return;
      this.#queue.push({ bytes, port: info.port });
      this.#resume?.();
    });
    socket.on('error', (error) => this.#failed(error));
  }

  receive(take: TakeDatagram): number {
    const arrived = this.#queue.splice(0);
    for (const { bytes, port } of arrived) take(bytes, port);
    return arrived.length;
  }

  send(port: number, bytes: Uint8Array, segmentBytes = bytes.length): void {
    const sent = (error: Error | null) => {
      this.#underWay--;
      if (error) this.#failed(error);
      if (this.#underWay === 0) this.#closing?.();
    };
    for (let at = 0; at === 0 || at < bytes.length; at += segmentBytes) {
      this.#underWay++;
      this.#socket.send(bytes.slice(at, at + segmentBytes), port, this.#address, sent);
    }
  }

  takeError(): string | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  wait(ms: number): Promise<void> {
    if (this.#queue.length > 0 || this.#woken || this.#error !== undefined || ms <= 0) {
      this.#woken = false;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => this.#resume?.(), ms);
      this.#resume = () => {
        this.#resume = undefined;
        this.#woken = false;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  unref(): void {
    this.#socket.unref();
  }

  close(): Promise<void> {
    this.#resume?.();
    return new Promise((resolve) => {
      this.#closing = () => {
        this.#closing = undefined;
        this.#socket.close();
        resolve();
      };
      if (this.#underWay === 0) this.#closing();
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#error = error.code ?? 'EIO';
    this.#resume?.();
  }
}
