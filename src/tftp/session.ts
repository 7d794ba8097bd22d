/**
 * What a server and a transfer say to each other. A transfer never sends, reads or waits by itself:
 *
 *     datagram -> session.acknowledge(...)  changes state only
 *     timer    -> session.deadline()        when poll() has something to do although nothing arrived
 *     after a batch of either:
 *       for (let a = session.poll(now); a !== undefined; a = session.poll(now)) …
 *
 * poll() hands out the same {@link Action} object again and again, so nothing is allocated for a packet: use its
 * fields before the next call. `now` is milliseconds of any clock that never goes back; fractions are welcome.
 */

/** How block numbers go on after 65,535 (RFC 1350 does not say): to 0, to 1, or not at all. */
export type Rollover = 0 | 1 | 'forbidden';

/**
 * - `packet`: send `packet` (OACK, ACK or ERROR; borrowed, unchanged until the next poll).
 * - `data`: send `count` DATA blocks from the absolute number `first` (1 is the first of the file); number them on
 *   the wire with {@link ReadSession.wireBlock}. Mostly a window; up to two when answers fail to come.
 * - `commit` (writes): make the upload durable and visible, then call `committed`.
 * - `finished`: {@link Transfer.outcome} is decided: log it, drop the temporary file of a failed upload. The session
 *   may linger to answer repeats.
 * - `close`: forget the session. Nothing follows.
 */
export type ActionKind = 'packet' | 'data' | 'commit' | 'finished' | 'close';

/** One shape for all kinds, overwritten by each poll(). */
export type Action = { kind: ActionKind; packet: Uint8Array; first: number; count: number };

/**
 * - `opening`: nothing of the file was acknowledged yet; the same request again is a repeat.
 * - `transferring`
 * - `committing`: all of an upload arrived, its commit is awaited.
 * - `lingering`: decided; kept to answer a repeated last block. A new request from the same port replaces it.
 * - `closed`
 */
export type Phase = 'opening' | 'transferring' | 'committing' | 'lingering' | 'closed';

/** Stable codes, fit for a counter's label. */
export type TftpFailure =
  /** Nobody answered for as long as we are patient. */
  | 'timeout'
  /** As `timeout`, but only the ACK of the last block is missing: the client most likely has the file. */
  | 'last-ack-missing'
  /** The client sent ERROR; `detail` has its code and message. */
  | 'peer-error'
  /** More than 65,535 blocks, and `rollover` is `forbidden`. */
  | 'rollover-forbidden'
  /** The file could not be read any more: cut short or gone. */
  | 'read-error'
  /** An upload larger than its quota. */
  | 'too-large'
  /** An upload that could not be stored: disk full or the like. */
  | 'disk-full'
  /** The file appeared while a create-only upload was under way. */
  | 'exists'
  | 'write-error'
  /** The same address and port asked for something else. */
  | 'superseded'
  /** All places were taken, and its client was not heard from: another one has its place. */
  | 'gave-way'
  | 'shutdown';

export type Outcome =
  | { readonly kind: 'done' }
  /** A size or existence probe: the client gave up before it took a byte of the file. Not a failure. */
  | { readonly kind: 'probed' }
  | { readonly kind: 'failed'; readonly failure: TftpFailure; readonly detail?: string };

/** Counts of one transfer; read them at any time. `bytes` is file bytes confirmed by the receiver. */
export type TransferStats = {
  readonly bytes: number;
  /** DATA (reads) or ACK (writes) packets handed out. */
  readonly packets: number;
  readonly retransmissions: number;
  /** Smoothed round trip, undefined until one was measured. */
  readonly roundTripMs: number | undefined;
};

/** The part that reads and writes share. */
export type Transfer = {
  /** When poll() must be called although nothing arrived; Infinity: never. */
  deadline(): number;
  /** The next thing to do, or undefined. Call until undefined. */
  poll(now: number): Action | undefined;
  phase(): Phase;
  /** The client sent ERROR. */
  peerError(code: number, message: string, now: number): void;
  /** The same request arrived again, from the same address and port. */
  duplicateRequest(now: number): void;
  /**
   * Ends it from our side: ERROR `error` is sent when given, then `finished`. For `superseded` give none:
   * the client would take it for an answer to its new request.
   */
  abort(failure: TftpFailure, error?: { readonly code: number; readonly message: string }): void;
  /** undefined until decided. */
  outcome(): Outcome | undefined;
  stats(): TransferStats;
};

/** Sends one file. */
export type ReadSession = Transfer & {
  readonly blksize: number;
  /** ACK `block16` arrived; `nextWindow` is its fifth octet, if it has one, which msftwindow gives a meaning. */
  acknowledge(block16: number, now: number, nextWindow?: number): void;
  /** The 16-bit number that DATA `absolute` carries. */
  wireBlock(absolute: number): number;
};

/** Content whose length shows on the way (netascii). */
export type BlockSource = {
  /**
   * The number of the last block if it is not past `upTo` (the end of the window to send next, which is at most
   * `windowsize` blocks), Infinity if it is, -1 when the file cannot be read.
   */
  lastBlockBy(upTo: number): number;
  /** Octets on the wire of all blocks up to `block`. */
  bytesUpTo(block: number): number;
};

/** Receives one file. */
export type WriteSession = Transfer & {
  readonly blksize: number;
  /**
   * DATA arrived. Returns the octets to append to the file (borrowed: the payload itself, or the converted netascii
   * text, valid until the next call), or undefined when there is nothing to store.
   */
  receive(block16: number, payload: Uint8Array, now: number): Uint8Array | undefined;
  /** Answers the `commit` action: undefined when durable and visible, otherwise why not. */
  committed(problem: TftpFailure | undefined, now: number): void;
};

/** Patience, all in milliseconds. */
export type Timing = {
  /** Before a round trip was measured. */
  readonly initialMs: number;
  /** Never resend sooner. */
  readonly floorMs: number;
  /** Never wait longer for one answer; a client's `timeout` option replaces it. */
  readonly ceilingMs: number;
  /**
   * Give up after this long without any answer to the opening packet. Shorter than `giveUpMs`: a live client asks
   * again by itself, and the source address of a request may be forged.
   */
  readonly openingMs: number;
  /** Give up after this long without progress. */
  readonly giveUpMs: number;
};
