import type { PeerTable } from '../../lib/peer-table.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import type { ClientMemory } from '../../tftp/client-memory.ts';
import type { ConfigSearch } from '../../tftp/config-search.ts';
import type { TftpFailure } from '../../tftp/session.ts';
import type { Admission } from './admission.ts';
import type { Endpoints } from './endpoints.ts';
import type { EngineParts, TftpEngine } from './engine-face.ts';
import type { FileCache } from './file-cache.ts';
import type { FrameSizes } from './frame-sizes.ts';
import type { RecentPeers } from './recent-peers.ts';
import type { Report } from './report.ts';
import type { Throttle } from './throttle.ts';
import type { Transfer } from './transfer.ts';

export type RequestParts = EngineParts & {
  readonly endpoints: Endpoints;
  readonly table: PeerTable<Transfer>;
  readonly recent: RecentPeers;
  readonly report: Report;
  readonly errors: Throttle;
  readonly files: FileCache;
  readonly frames: FrameSizes;
  readonly search: ConfigSearch;
  readonly memory: ClientMemory;
  readonly admission: Admission;
  active(): number;
  /** A transfer begins. */
  added(transfer: Transfer): void;
  /** A transfer has something to do. */
  touched(transfer: Transfer): void;
  /** Takes what waits in the queue of `socket`. */
  catchUp(socket: DatagramSocket, now: number): void;
  /** Closes files that nobody reads: some of them, or `every` one. Was there any? */
  makeRoom(now: number, every: boolean): boolean;
  /** Polls a transfer at once. */
  settle(transfer: Transfer, now: number): void;
  /** Between two turns: polls what was touched, and sends what was laid out. */
  settleAll(now: number): void;
  /** A transfer makes room: for another one of the same client, or of somebody else. */
  retire(transfer: Transfer, now: number, why: Retirement): void;
};

export type RequestHandler = {
  /** A datagram on the well-known port that begins as RRQ or WRQ does. */
  handle(socket: DatagramSocket, datagram: Datagram, now: number): void;
  peerError(transfer: Transfer, datagram: Datagram, now: number): void;
  /** Deals with requests that waited too long for their file to be made. */
  onTime(now: number): void;
  nextDeadline(): number;
  /** Requests that wait. */
  readonly waiting: number;
  /** Those that wait are not answered: their clients ask again, whoever serves then. */
  abandon(): void;
  configure: TftpEngine['configure'];
};

export type Retirement = Readonly<{ failure: TftpFailure; error?: { code: number; message: string } }>;
