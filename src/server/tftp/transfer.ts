import type { TftpPeer } from '../../events/event.ts';
import type { Deadlined } from '../../lib/deadlines.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { DatagramSocket, TransmitSource } from '../../net/datagram.ts';
import type { UploadProblem } from '../../store/upload.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import type { Action, ReadSession, WriteSession } from '../../tftp/session.ts';

/** One file under way: a session of the protocol, joined to a socket and a file. */
export type Transfer = Deadlined & {
  readonly client: Client;
  /** Its local port is our TID. */
  readonly socket: DatagramSocket;
  readonly source: TransmitSource;
  /** The request as it came, to know a repeat by. */
  readonly request: Uint8Array;
  /** For events. */
  readonly file: string;
  readonly startedAt: number;
  readonly content: ReadContent | WriteContent;
  /** When the client was heard last; its request does not count for `heard`. */
  heardAt: number;
  heard: boolean;
  /** Waits in the engine's list for its poll. */
  dirty: boolean;
  /** `finished` came: it no longer counts. */
  over: boolean;
  /** errno of the last datagram that the system refused to send. */
  sendProblem: string | undefined;
};

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
