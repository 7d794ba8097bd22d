import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootEvent } from '../../../src/events/event.ts';
import { latin1Encode } from '../../../src/lib/bytes.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import type {
  BoundSocket,
  Content,
  Datagram,
  DatagramSocket,
  Network,
  TransmitSource,
} from '../../../src/net/datagram.ts';
import { dgramNetwork } from '../../../src/net/dgram.ts';
import { FileContent } from '../../../src/net/dgram-content.ts';
import type { PageCache } from '../../../src/net/files.ts';
import { createTftpEngine, type TftpEngine } from '../../../src/server/tftp/engine.ts';
import type { Render } from '../../../src/server/tftp/render.ts';
import { DEFAULT_TFTP_SETTINGS, type TftpSettings } from '../../../src/server/tftp/settings.ts';
import { createBootTree } from '../../../src/store/boot-tree.ts';
import type { Sync } from '../../../src/store/upload.ts';
import { decode, encode, type TftpPacket } from '../../../src/tftp-packet/index.ts';

export const SERVER = parseIpv4('192.168.77.1')!;
export const CLIENT = parseIpv4('192.168.77.50')!;

export type Sent = { to: number; port: number; from: number; tid: number; bytes: Uint8Array };
type Queued = Sent & { tag: unknown; failure?: string };

/** A socket without a system: what was laid into `out` shows in `sent` after a flush. */
export class FakeSocket implements DatagramSocket {
  readonly bound: BoundSocket;
  readonly sent: Sent[] = [];
  onFailure: DatagramSocket['onFailure'];
  /** The buffer is full while set. */
  full = false;
  /** The system refuses every datagram with this errno while set. */
  refuses: string | undefined;
  /** From now on there is always one more of it. */
  flood: Datagram | undefined;
  readonly #inbox: Datagram[] = [];
  #batch: Datagram[] = [];
  readonly #queue: Queued[] = [];
  #current: (Omit<Queued, 'bytes'> & { parts: number[] }) | undefined;

  constructor(port: number) {
    this.bound = { backend: 'dgram', fd: port, address: 0, port };
  }

  readonly out = {
    begin: (to: number, port: number, source?: TransmitSource) => {
      this.#current = {
        to,
        port,
        from: source?.from ?? 0,
        tid: this.bound.port,
        tag: source?.tag,
        parts: [],
      };
    },
    bytes: (data: Uint8Array) => void this.#current!.parts.push(...data),
    words: (first: number, second: number) =>
      void this.#current!.parts.push(first >>> 8, first & 255, second >>> 8, second & 255),
    slice: (content: Content, offset: number, length: number) => {
      if (!(content instanceof FileContent)) throw new TypeError('not a file');
      const part = new Uint8Array(length);
      if (!content.readInto(part, offset)) this.#current!.failure = 'EFAULT';
      this.#current!.parts.push(...part);
    },
    end: () => {
      const { parts, ...rest } = this.#current!;
      this.#queue.push({ ...rest, bytes: Uint8Array.from(parts) });
    },
    length: 1, // the engine asks before it flushes
  };

  flush(): boolean {
    while (this.#queue.length > 0 && !this.full) {
      const { tag, failure = this.refuses, ...sent } = this.#queue.shift()!;
      if (failure) this.onFailure?.(tag, failure);
      else this.sent.push(sent);
    }
    return this.#queue.length === 0;
  }

  deliver(datagram: Datagram): void {
    this.#inbox.push(datagram);
  }

  receive(): number {
    this.#batch = this.#inbox.splice(0, 64);
    while (this.flood && this.#batch.length < 64) this.#batch.push(this.flood);
    return this.#batch.length;
  }

  datagram(index: number): Datagram {
    return this.#batch[index]!;
  }

  maxGsoSegments(): number {
    return 1;
  }

  detach(): void {}
}

export type Rig = ReturnType<typeof createRig>;

export type RigOptions = Partial<TftpSettings> & {
  singlePort?: boolean;
  pageCache?: PageCache;
  sync?: Sync;
  render?: Render;
  /** So many files can be open at once. */
  descriptors?: number;
};

/** An engine with fake sockets, a clock that is set by hand, and a folder of its own. */
export function createRig(
  { singlePort = false, pageCache, sync, render, descriptors, ...settings }: RigOptions = {},
  link = { mtu: 1500 },
) {
  const root = mkdtempSync(join(tmpdir(), 'pxed-tftp-'));
  const events: BootEvent[] = [];
  const listen = new FakeSocket(69);
  const transfer = singlePort ? [] : [new FakeSocket(40_001), new FakeSocket(40_002)];
  const sockets = [listen, ...transfer];
  const network = { ...scarceNetwork(descriptors), interfaces: () => [{ ...ETH0, ...link }], pageCache };
  const clock = { now: 10_000 };
  let names = 0;
  const full: TftpSettings = { ...DEFAULT_TFTP_SETTINGS, root, ...settings };
  const tree = createBootTree(root, { ignoreCase: full.ignoreCase });
  const engine: TftpEngine = createTftpEngine({
    network,
    ports: [{ listen, transfer }],
    settings: full,
    tree,
    emit: (event) => events.push(event),
    clock: () => clock.now,
    ...(sync && { sync }),
    ...(render && { render }),
    randomHex: () => `${++names}`,
  });

  function deliver(socket: FakeSocket, bytes: Uint8Array, from: Partial<Datagram> = {}): void {
    queue(socket, bytes, from);
    engine.onReady(socket);
  }

  function queue(socket: FakeSocket, bytes: Uint8Array, from: Partial<Datagram> = {}): void {
    socket.deliver(datagramOf(bytes, from));
  }

  function datagramOf(bytes: Uint8Array, from: Partial<Datagram>): Datagram {
    return {
      buffer: bytes,
      length: bytes.length,
      bytes,
      truncated: false,
      peer: CLIENT,
      peerPort: 2070,
      local: SERVER,
      replyFrom: SERVER,
      ifindex: 2,
      ...from,
    };
  }

  return {
    root,
    tree,
    engine,
    events,
    listen,
    transfer,
    clock,
    settings: full,
    write: (name: string, contents: string | Uint8Array) => writeFileSync(join(root, name), contents),
    /** To the well-known port. */
    request: (packet: TftpPacket | Uint8Array, from?: Partial<Datagram>) =>
      deliver(listen, packet instanceof Uint8Array ? packet : encode(packet), from),
    /** To the TID that sent last. */
    answer(packet: TftpPacket | Uint8Array, from?: Partial<Datagram>, tid?: number): void {
      const to = sockets.find((socket) => socket.bound.port === (tid ?? this.lastTid))!;
      deliver(to, packet instanceof Uint8Array ? packet : encode(packet), from);
    },
    /** Arrives at the TID that sent last, whose turn has not come yet. */
    arrive(packet: TftpPacket): void {
      queue(sockets.find((socket) => socket.bound.port === this.lastTid)!, encode(packet));
    },
    /** Arrives at a TID, whose turn has not come yet. */
    arriveFrom(packet: TftpPacket, from: Partial<Datagram>, tid: number): void {
      queue(sockets.find((socket) => socket.bound.port === tid)!, encode(packet), from);
    },
    /** Every socket has its turn. */
    turn(): void {
      for (const socket of sockets) engine.onReady(socket);
    },
    /** The TID that sent last has always more of this. */
    flood(packet: TftpPacket, from: Partial<Datagram>): void {
      const to = sockets.find((socket) => socket.bound.port === this.lastTid)!;
      to.flood = datagramOf(encode(packet), from);
    },
    lastTid: 0,
    /** What was sent since the last call, in words. */
    sent(): string[] {
      return this.raw().map((one) => describe(one.bytes));
    },
    raw(): Sent[] {
      const all = sockets.flatMap((socket) => socket.sent.splice(0));
      if (all.length > 0) this.lastTid = all.at(-1)!.tid;
      return all;
    },
    /** Lets time pass, with a turn at every deadline. */
    pass(ms: number): void {
      const until = clock.now + ms;
      while (engine.nextDeadline() <= until) {
        clock.now = Math.max(clock.now, engine.nextDeadline());
        engine.onTime();
      }
      clock.now = until;
    },
    types: () => events.map(({ type }) => type),
    close(): void {
      engine.abortAll();
      engine.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function scarceNetwork(descriptors = Number.POSITIVE_INFINITY): Network {
  const network = dgramNetwork();
  let open = 0;
  return {
    ...network,
    openContent(fd, sizeBytes) {
      if (open >= descriptors) return { ok: false, error: { operation: 'open', errno: 'EMFILE' } };
      open++;
      return network.openContent(fd, sizeBytes);
    },
    closeContent: () => void open--,
  };
}

const ETH0 = {
  name: 'eth0',
  index: 2,
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  up: true,
  running: true,
  loopback: false,
  addresses: [{ address: SERVER, prefixLength: 24 }],
};

export function rrq(filename: string, options: [string, string][] = []): TftpPacket {
  return { opcode: 'rrq', filename, mode: 'octet', options };
}

export function wrq(filename: string, options: [string, string][] = []): TftpPacket {
  return { opcode: 'wrq', filename, mode: 'octet', options };
}

export function ack(block: number): TftpPacket {
  return { opcode: 'ack', block };
}

export function data(block: number, text: string): TftpPacket {
  return { opcode: 'data', block, data: latin1Encode(text) };
}

export function error(code: number, message = ''): TftpPacket {
  return { opcode: 'error', code, message };
}

/** `OACK blksize=1468`, `DATA 1 (512)`, `ACK 3`, `ERROR 1 File not found`. */
export function describe(bytes: Uint8Array): string {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded.reason;
  const packet = decoded.value;
  switch (packet.opcode) {
    case 'data':
      return `DATA ${packet.block} (${packet.data.length})`;
    case 'ack':
      return `ACK ${packet.block}`;
    case 'error':
      return `ERROR ${packet.code} ${packet.message}`;
    case 'oack':
      return `OACK ${packet.options.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    default:
      return packet.opcode;
  }
}
