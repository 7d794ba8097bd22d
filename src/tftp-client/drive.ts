import { ERROR_CODE, encode } from '../tftp-packet/index.ts';
import type { Line } from './line.ts';
import type { Action, ClientSession } from './machine/session.ts';

/** What a transfer does with octets. */
export type Work = {
  /** Octets of the file arrived (get); borrowed. */
  take?(octets: Uint8Array): void;
  /** Sends the blocks that the action names (put). */
  sendBlocks?(action: Action): void;
  /** Brings blocks up if it can do so at once (put). */
  refill?(): void;
  /** Nothing can go on before this resolves: a disk is slow. Rejects when it failed. */
  held?(): Promise<void> | undefined;
  /** Once in a while. */
  tick?(now: number): void;
  trace?(direction: 'sent' | 'received', packet: Uint8Array): void;
};

export type Drive = {
  readonly session: ClientSession;
  readonly line: Line;
  readonly work: Work;
  readonly signal?: AbortSignal;
};

/** How long the event loop stands still at most while packets come without a pause. */
const SLICE_MS = 5;
/** A file that is no larger is there before better sockets would be. */
const SMALL_BYTES = 256 * 1024;
const STRANGERS_TOLD = 16;
const REFUSALS_BELIEVED = 3;

const UNKNOWN_TID = encode({ opcode: 'error', code: ERROR_CODE.unknownTid, message: 'Unknown transfer ID' });

/** A drive under way. */
type Driven = Drive & {
  /** The request is out. */
  asked: boolean;
  strangers: number;
  /** "Nobody listens there" in a row. */
  refusals: number;
};

/** Lets a session talk until its outcome is decided and its last packet is out. */
export async function drive(parts: Drive): Promise<void> {
  const d: Driven = { ...parts, asked: false, strangers: 0, refusals: 0 };
  const { session, line, signal } = d;
  const aborted = Promise.withResolvers<void>();
  const abort = () => {
    session.abort({ reason: 'aborted', detail: 'Transfer aborted' }, 0);
    line.socket().wake();
    aborted.resolve();
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await converse(d, aborted.promise);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function converse(d: Driven, aborted: Promise<void>): Promise<void> {
  const { session, line, work } = d;
  const take = (bytes: Uint8Array, port: number) => takePacket(d, bytes, port);
  let sliceEnd = performance.now() + SLICE_MS;
  for (;;) {
    if (line.canImprove() && d.asked && isTimeToImprove(session, performance.now())) {
      await line.prepare();
      // An answer that came late would be lost with its socket.
      line.socket().receive(take);
      if (isTimeToImprove(session, performance.now())) await line.improve();
    }
    speak(d);
    believeErrors(d);
    if (session.outcome() !== undefined) {
      speak(d);
      return;
    }
    const held = work.held?.();
    if (held) await Promise.race([held, aborted]);
    const found = line.socket().receive(take, session.deadline() - performance.now());
    if (found > 0 && performance.now() < sliceEnd) continue;
    if (found > 0) await new Promise((resolve) => setImmediate(resolve));
    else {
      believeErrors(d);
      if (session.outcome() === undefined) await line.socket().wait(session.deadline() - performance.now());
    }
    work.tick?.(performance.now());
    sliceEnd = performance.now() + SLICE_MS;
  }
}

function takePacket(d: Driven, bytes: Uint8Array, port: number): void {
  const { session, line, work } = d;
  if (work.trace !== undefined) work.trace('received', bytes);
  if (!session.knows(port)) {
    // Never an ERROR for an ERROR; and whoever goes on and on is not told each time.
    if (bytes[1] !== 5 && d.strangers++ < STRANGERS_TOLD) line.socket().send(port, UNKNOWN_TID);
    return;
  }
  d.refusals = 0;
  const octets = session.receive(bytes, port, performance.now());
  if (octets !== undefined) work.take?.(octets);
}

function speak(d: Driven): void {
  const { session, line, work } = d;
  work.refill?.();
  for (let action = next(session); action !== undefined; action = next(session)) {
    d.asked = true;
    if (action.kind === 'data') work.sendBlocks!(action);
    else {
      if (work.trace !== undefined) work.trace('sent', action.packet);
      line.socket().send(session.port(), action.packet);
    }
    work.refill?.();
  }
}

function next(session: ClientSession): Action | undefined {
  return session.poll(performance.now());
}

const NO_WAY = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EACCES', 'EPERM']);

/** What the system tells of our packets ends a transfer that has not begun, and one that has when it says so again and again. */
function believeErrors(d: Driven): void {
  const { session, line } = d;
  const errno = line.socket().takeError();
  if (errno === undefined) return;
  const begun = session.terms() !== undefined;
  if (errno === 'ECONNREFUSED') {
    if (begun && ++d.refusals < REFUSALS_BELIEVED) return;
    const detail = begun ? 'the server is gone' : `nobody listens on port ${session.port()}`;
    session.abort({ reason: 'refused', detail }, 0);
  } else if (!begun && NO_WAY.has(errno)) session.abort({ reason: 'unreachable', detail: errno }, 0);
}

/** The server has answered and waits for us, and there is much to come; or it did not answer, and time is not short. */
function isTimeToImprove(session: ClientSession, now: number): boolean {
  const terms = session.terms();
  if (session.outcome() !== undefined) return false;
  if (terms === undefined) return now >= session.deadline();
  return terms.tsize === undefined || terms.tsize > SMALL_BYTES;
}

const DALLY_TURN_MS = 25;
/** Each keeps a socket, and a process may have few: of thousands of small files, a second's worth would be too many. */
const MOST_DALLYING = 128;

/** How each that dallies is ended, the oldest first. */
const dallying = new Set<() => void>();

/** Gives their sockets back. False: there were none. */
export function endDallying(): boolean {
  const ends = [...dallying];
  for (const end of ends) end();
  return ends.length > 0;
}

/**
 * Answers repeats of the last block for `ms`, in case our last ACK was lost (RFC 1350 §6), then closes the line; sooner when many
 * others came after it. Keeps no process alive.
 */
export function dally({ session, line }: Pick<Drive, 'session' | 'line'>, ms: number): void {
  const until = performance.now() + ms;
  const socket = line.socket();
  socket.unref();
  const timer = setInterval(() => {
    const now = performance.now();
    socket.receive((bytes, port) => {
      if (session.knows(port)) session.receive(bytes, port, now);
    });
    sayAll(session, line);
    if (now >= until) end();
  }, DALLY_TURN_MS);
  timer.unref();

  function end(): void {
    dallying.delete(end);
    clearInterval(timer);
    line.close();
  }

  const [oldest] = dallying;
  if (dallying.size >= MOST_DALLYING) oldest?.();
  dallying.add(end);
}

/** Sends what a session still has to say. */
export function sayAll(session: ClientSession, line: Line): void {
  for (let action = next(session); action !== undefined; action = next(session)) {
    if (action.kind === 'packet') line.socket().send(session.port(), action.packet);
  }
}
