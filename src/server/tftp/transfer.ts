import type { TftpPeer } from '../../events/event.ts';
import type { Deadlined } from '../../lib/deadlines.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { Rows } from '../../lib/rows.ts';
import type { DatagramSocket, TransmitSource } from '../../net/datagram.ts';
import type { UploadProblem } from '../../store/upload.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import type { Action, ReadSession, WriteSession } from '../../tftp/session.ts';

const QUEUED_FOR = 0;
const HEARD_AT = 1;
const STARTED_AT = 2;
const ADDRESS = 3;
const FROM = 4;
const NUMBERS = 5;

export type TransferParts = {
  readonly client: Client;
  /** Of ours, that it asked: answers leave from there. */
  readonly from: Ipv4;
  readonly socket: DatagramSocket;
  readonly request: Uint8Array;
  readonly file: string;
  /** Of the tree; printable, as `file` is. */
  readonly path: string;
  readonly content: ReadContent | WriteContent;
  /** The profile that its content was made of. */
  readonly rendered?: string | undefined;
  readonly rows: Rows;
};

/**
 * One file under way: a session of the protocol, joined to a socket and a file. It is also the source that its datagrams
 * name. Its numbers lie beside its session's: see lib/rows.ts.
 */
export class Transfer implements Deadlined, TransmitSource {
  /** For people. */
  readonly peer: TftpPeer;
  readonly port: number;
  /** Its local port is our TID. */
  readonly socket: DatagramSocket;
  /** The request as it came, to know a repeat by. */
  readonly request: Uint8Array;
  /** For events: as asked for, and as the tree has it. */
  readonly file: string;
  readonly path: string;
  readonly content: ReadContent | WriteContent;
  readonly session: ReadSession | WriteSession;
  /** The profile that its content was made of; undefined for files of the tree. */
  readonly rendered: string | undefined;
  readonly ifindex = 0;
  heard = false;
  /** Waits in the engine's list for its poll. */
  dirty = false;
  /** `finished` came: it no longer counts. */
  over = false;
  /** errno of the last datagram that the system refused to send. */
  sendProblem: string | undefined = undefined;
  readonly #numbers: Float64Array;
  readonly #at: number;

  constructor(parts: TransferParts, now: number) {
    const { client, from, socket, request, file, path, content, rendered, rows } = parts;
    const { numbers, at } = rows.take(NUMBERS);
    this.peer = client.peer;
    this.port = client.port;
    this.socket = socket;
    this.request = request;
    this.file = file;
    this.path = path;
    this.content = content;
    this.session = content.session;
    this.rendered = rendered;
    this.#numbers = numbers;
    this.#at = at;
    numbers[at + ADDRESS] = client.address;
    numbers[at + FROM] = from;
    numbers[at + STARTED_AT] = now;
    this.heardAt = now;
    this.queuedFor = Number.POSITIVE_INFINITY;
  }

  get address(): Ipv4 {
    return this.#numbers[this.#at + ADDRESS]!;
  }

  get from(): Ipv4 {
    return this.#numbers[this.#at + FROM]!;
  }

  get tag(): Transfer {
    return this;
  }

  get startedAt(): number {
    return this.#numbers[this.#at + STARTED_AT]!;
  }

  /** When the client was heard last; its request does not count for `heard`. */
  get heardAt(): number {
    return this.#numbers[this.#at + HEARD_AT]!;
  }

  set heardAt(value) {
    this.#numbers[this.#at + HEARD_AT] = value;
  }

  get queuedFor(): number {
    return this.#numbers[this.#at + QUEUED_FOR]!;
  }

  set queuedFor(value) {
    this.#numbers[this.#at + QUEUED_FOR] = value;
  }

  deadline(): number {
    return this.session.deadline();
  }
}

export type Client = { readonly address: Ipv4; readonly port: number; readonly peer: TftpPeer };

export type ReadContent = {
  readonly kind: 'read';
  readonly session: ReadSession;
  readonly terms: Negotiated;
  /** Can these blocks be sent without waiting for a disk? When not, they are asked for. */
  isWarm(first: number, count: number): boolean;
  /** Lays the DATA of an action into the socket's list. */
  send(transfer: Transfer, action: Action): void;
  release(now: number): void;
};

export type WriteContent = {
  readonly kind: 'write';
  readonly session: WriteSession;
  readonly terms: Negotiated;
  receive(block16: number, payload: Uint8Array, now: number): void;
  /** Makes the upload durable; `done` is called at once or later. */
  commit(done: (problem: UploadProblem | undefined) => void): void;
  release(now: number): void;
};
