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

/** Lets a session talk until its outcome is decided and its last packet is out. */
export async function drive({ session, line, work, signal }: Drive): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  let asked = false;
  let strangers = 0;
  let refusals = 0;

  function take(bytes: Uint8Array, port: number): void {
    if (work.trace !== undefined) work.trace('received', bytes);
    if (!session.knows(port)) {
      // Never an ERROR for an ERROR; and whoever goes on and on is not told each time.
      if (bytes[1] !== 5 && strangers++ < STRANGERS_TOLD) line.socket().send(port, UNKNOWN_TID);
      return;
    }
    refusals = 0;
    const octets = session.receive(bytes, port, performance.now());
    if (octets !== undefined) work.take?.(octets);
  }

  function speak(): void {
    work.refill?.();
    for (
      let action = session.poll(performance.now());
      action !== undefined;
      action = session.poll(performance.now())
    ) {
      asked = true;
      if (action.kind === 'data') work.sendBlocks!(action);
      else {
        if (work.trace !== undefined) work.trace('sent', action.packet);
        line.socket().send(session.port(), action.packet);
      }
      work.refill?.();
    }
  }

  function believeErrors(): void {
    const errno = line.socket().takeError();
    if (errno === undefined) return;
    if (errno === 'ECONNREFUSED') {
      // Once the other side spoke, one such word may be about something else.
      if (session.terms() !== undefined && ++refusals < REFUSALS_BELIEVED) return;
      const detail =
        session.terms() === undefined ? `nobody listens on port ${session.port()}` : 'the server is gone';
      session.abort({ reason: 'refused', detail }, 0);
    } else if (
      errno === 'ENETUNREACH' ||
      errno === 'EHOSTUNREACH' ||
      errno === 'EACCES' ||
      errno === 'EPERM'
    ) {
      if (session.terms() === undefined) session.abort({ reason: 'unreachable', detail: errno }, 0);
    }
  }

  const abort = () => {
    session.abort({ reason: 'aborted', detail: 'Transfer aborted' }, 0);
    line.socket().wake();
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      const now = performance.now();
      if (line.canImprove() && asked && isTimeToImprove(session, now)) await line.improve();
      speak();
      believeErrors();
      if (session.outcome() !== undefined) {
        speak();
        return;
      }
      const held = work.held?.();
      if (held) await held;
      const wait = session.deadline() - performance.now();
      const found = line.socket().receive(take, wait);
      if (found > 0 && performance.now() < sliceEnd) continue;
      if (found === 0) {
        believeErrors();
        if (session.outcome() === undefined) await line.socket().wait(session.deadline() - performance.now());
      } else await new Promise((resolve) => setImmediate(resolve));
      work.tick?.(performance.now());
      sliceEnd = performance.now() + SLICE_MS;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The server has answered and waits for us, and there is much to come; or it did not answer, and time is not short. */
function isTimeToImprove(session: ClientSession, now: number): boolean {
  const terms = session.terms();
  if (terms === undefined) return now >= session.deadline();
  return terms.tsize === undefined || terms.tsize > SMALL_BYTES;
}

const DALLY_TURN_MS = 25;

/**
 * Answers repeats of the last block for `ms`, in case our last ACK was lost (RFC 1350 §6), then closes the line. Keeps no
 * process alive.
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
    for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
      if (action.kind === 'packet') socket.send(session.port(), action.packet);
    }
    if (now < until) return;
    clearInterval(timer);
    line.close();
  }, DALLY_TURN_MS);
  timer.unref();
}
