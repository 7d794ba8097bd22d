import { createRows, type Row } from '../lib/rows.ts';
import { encode } from '../tftp-packet/index.ts';
import { easeOff, type Rtt, resendAfter, resetRtt } from './rtt.ts';
import type { Action, ActionKind, Outcome, TftpFailure, Timing } from './session.ts';

const NOTHING = new Uint8Array(0);

const DUE = 0;
const SENT_AT = 1;
const PROGRESS_AT = 2;
const SMOOTHED_MS = 3;
const VARIATION_MS = 4;
const SHORTEST_MS = 5;
const DOUBLINGS = 6;
const PACKETS = 7;
const RETRANSMISSIONS = 8;
const CLOSE_AT = 9;
/** Numbers of a row that are {@link TransferState}'s; those of a session follow. */
export const TRANSFER_NUMBERS = 10;

/**
 * What every transfer keeps; read-session and write-session add their own. A class over a {@link Row}, because a
 * thousand clients in turn are as fast as what each of their packets touches is small: see lib/rows.ts.
 */
export class TransferState implements Rtt {
  readonly timing: Timing;
  readonly action: Action = { kind: 'packet', packet: NOTHING, first: 0, count: 0 };
  decided: Outcome | undefined = undefined;
  /** The last packet, still to be sent. */
  parting: Uint8Array | undefined = undefined;
  /** `finished` was handed out. */
  told = false;
  closed = false;
  /** The other side answered at least once. */
  heard = false;
  protected readonly numbers: Float64Array;
  protected readonly at: number;

  /** `row`: {@link TRANSFER_NUMBERS} and what a session adds, all 0. */
  constructor(timing: Timing, { numbers, at }: Row, now: number) {
    this.timing = timing;
    this.numbers = numbers;
    this.at = at;
    this.sentAt = now;
    this.progressAt = now;
    resetRtt(this);
  }

  /** When to act though nothing arrives; 0: at once. */
  get due(): number {
    return this.numbers[this.at + DUE]!;
  }

  set due(value) {
    this.numbers[this.at + DUE] = value;
  }

  /** Last packet out; the last progress is `progressAt`. */
  get sentAt(): number {
    return this.numbers[this.at + SENT_AT]!;
  }

  set sentAt(value) {
    this.numbers[this.at + SENT_AT] = value;
  }

  get progressAt(): number {
    return this.numbers[this.at + PROGRESS_AT]!;
  }

  set progressAt(value) {
    this.numbers[this.at + PROGRESS_AT] = value;
  }

  get smoothedMs(): number {
    return this.numbers[this.at + SMOOTHED_MS]!;
  }

  set smoothedMs(value) {
    this.numbers[this.at + SMOOTHED_MS] = value;
  }

  get variationMs(): number {
    return this.numbers[this.at + VARIATION_MS]!;
  }

  set variationMs(value) {
    this.numbers[this.at + VARIATION_MS] = value;
  }

  get shortestMs(): number {
    return this.numbers[this.at + SHORTEST_MS]!;
  }

  set shortestMs(value) {
    this.numbers[this.at + SHORTEST_MS] = value;
  }

  get doublings(): number {
    return this.numbers[this.at + DOUBLINGS]!;
  }

  set doublings(value) {
    this.numbers[this.at + DOUBLINGS] = value;
  }

  get packets(): number {
    return this.numbers[this.at + PACKETS]!;
  }

  set packets(value) {
    this.numbers[this.at + PACKETS] = value;
  }

  get retransmissions(): number {
    return this.numbers[this.at + RETRANSMISSIONS]!;
  }

  set retransmissions(value) {
    this.numbers[this.at + RETRANSMISSIONS] = value;
  }

  /** Until when a decided transfer stays to answer repeats. */
  get closeAt(): number {
    return this.numbers[this.at + CLOSE_AT]!;
  }

  set closeAt(value) {
    this.numbers[this.at + CLOSE_AT] = value;
  }
}

/** For those that come by ones; thousands of reads share their {@link Rows}. */
export function createTransferState(timing: Timing, now: number): TransferState {
  return new TransferState(timing, createRows(TRANSFER_NUMBERS).take(TRANSFER_NUMBERS), now);
}

/** Fills the one action and returns it. */
export function act(s: TransferState, kind: ActionKind): Action {
  s.action.kind = kind;
  return s.action;
}

export function actPacket(s: TransferState, packet: Uint8Array): Action {
  s.action.packet = packet;
  return act(s, 'packet');
}

/** Decides the transfer, once; `error` is sent before `finished`. */
export function decide(
  s: TransferState,
  outcome: Outcome,
  error?: { readonly code: number; readonly message: string },
): void {
  if (s.decided !== undefined) return;
  s.decided = outcome;
  if (error !== undefined) s.parting = encode({ opcode: 'error', ...error });
  s.due = 0;
}

export function failed(failure: TftpFailure, detail?: string): Outcome {
  return detail === undefined ? { kind: 'failed', failure } : { kind: 'failed', failure, detail };
}

/** The peer's ERROR as one printable line. */
export function describeError(code: number, message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text must not steer a terminal
  return `ERROR ${code} ${message.replace(/[\x00-\x1f\x7f-\x9f]/g, '?').slice(0, 200)}`.trim();
}

/** Waits for an answer to the packet that goes out now. */
export function arm(s: TransferState, now: number): void {
  s.sentAt = now;
  s.due = now + resendAfter(s);
}

/** Nothing came of it for too long. Repeats of an old packet are no progress and do not keep a transfer alive. */
export function outOfPatience(s: TransferState, now: number): boolean {
  const { openingMs, giveUpMs } = s.timing;
  return now - s.progressAt >= (s.heard ? giveUpMs : openingMs);
}

export function progress(s: TransferState, now: number): void {
  s.heard = true;
  s.progressAt = now;
  easeOff(s);
}

/** The last steps of every transfer, in order: its last packet if there is one, `finished`, `close` after lingering. */
export function part(s: TransferState, now: number): Action | undefined {
  if (s.parting !== undefined) {
    const packet = s.parting;
    s.parting = undefined;
    return actPacket(s, packet);
  }
  if (!s.told) {
    s.told = true;
    return act(s, 'finished');
  }
  s.due = s.closed ? Number.POSITIVE_INFINITY : s.closeAt;
  if (s.closed || now < s.closeAt) return undefined;
  s.closed = true;
  s.due = Number.POSITIVE_INFINITY;
  return act(s, 'close');
}
