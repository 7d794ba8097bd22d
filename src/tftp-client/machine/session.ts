/**
 * One attempt at a transfer, without I/O: packets and the time come in, packets go out.
 *
 *     session.receive(bytes, port, now);      // for each datagram of the server's address
 *     for (let a = session.poll(now); a !== undefined; a = session.poll(now)) send(a, session.port());
 *     wait until session.deadline() at most
 *
 * `poll` hands out the same action object again and again. `now` is milliseconds of any clock that never goes back.
 */

/** `packet`: send it (borrowed until the next poll). `data` (put): send `count` blocks from the absolute number `first` on. */
export type Action = { kind: 'packet' | 'data'; packet: Uint8Array; first: number; count: number };

/** What was agreed on. */
export type SessionTerms = {
  readonly blksize: number;
  readonly windowsize: number;
  readonly tsize?: number;
};

/** Stable codes of what ended a transfer; `code` and `message` are the server's, when it sent ERROR. */
export type Failure = {
  readonly reason: FailureReason;
  readonly detail: string;
  readonly code?: number;
};

export type FailureReason =
  /** ERROR 1 to 8, and 0 or any other. */
  | 'not-found'
  | 'access-violation'
  | 'disk-full'
  | 'illegal-operation'
  | 'unknown-tid'
  | 'file-exists'
  | 'no-such-user'
  | 'options-refused'
  | 'server-error'
  /** Nobody answered the request; the server fell silent later. */
  | 'no-answer'
  | 'timeout'
  /** Nobody listens on that port, the system says (ICMP). */
  | 'refused'
  /** No way leads there. */
  | 'unreachable'
  /** Its OACK has what was not asked; its DATA is longer than agreed; the file is not as long as it said. */
  | 'bad-oack'
  | 'bad-block'
  | 'wrong-size'
  | 'aborted'
  /** The local file could not be written or read. */
  | 'local-file';

export type SessionOutcome = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

export type ClientSession = {
  /** The octets of a packet that came from `port`; {@link knows} the port. Anything may come. */
  receive(bytes: Uint8Array, port: number, now: number): Uint8Array | undefined;
  /** False for the port of a stranger, which is told ERROR 5 (RFC 1350 §4). */
  knows(port: number): boolean;
  poll(now: number): Action | undefined;
  /** When poll() has something to do though nothing came; Infinity: never. */
  deadline(): number;
  /** Where packets go: the port asked until the server has answered from its own. */
  port(): number;
  /** undefined until the server has agreed. */
  terms(): SessionTerms | undefined;
  /** undefined while under way. */
  outcome(): SessionOutcome | undefined;
  /** Ends it: ERROR `code` goes out if the server is known. */
  abort(failure: Failure, code: number): void;
  /** Packets of ours that went out again. */
  retransmissions(): number;
};

const REASONS: readonly FailureReason[] = [
  'server-error',
  'not-found',
  'access-violation',
  'disk-full',
  'illegal-operation',
  'unknown-tid',
  'file-exists',
  'no-such-user',
  'options-refused',
];

/** The server's ERROR as a failure, its words made harmless for a terminal. */
export function serverFailure(code: number, message: string): Failure {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text must not steer a terminal
  const words = message.replace(/[\x00-\x1f\x7f-\x9f]/g, '?').slice(0, 200);
  return { reason: REASONS[code] ?? 'server-error', code, detail: words };
}
