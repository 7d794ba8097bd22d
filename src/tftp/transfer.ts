import { encode } from '../tftp-packet/index.ts';
import type { Rtt } from './rtt.ts';
import { createRtt, easeOff, resendAfter, timingFor } from './rtt.ts';
import type { Action, ActionKind, Outcome, TftpFailure, Timing } from './session.ts';

/** What every transfer keeps; read-session and write-session add their own fields. */
export type TransferState = {
  readonly rtt: Rtt;
  readonly action: Action;
  outcome: Outcome | undefined;
  /** The last packet, still to be sent. */
  parting: Uint8Array | undefined;
  /** `finished` was handed out. */
  told: boolean;
  closed: boolean;
  /** Until when a decided transfer stays to answer repeats. */
  closeAt: number;
  /** When to act though nothing arrives; 0: at once. */
  due: number;
  /** Last packet out, last progress in. */
  sentAt: number;
  progressAt: number;
  /** The other side answered at least once. */
  heard: boolean;
  packets: number;
  retransmissions: number;
};

const NOTHING = new Uint8Array(0);

export function createTransferState(
  timing: Timing,
  timeoutMs: number | undefined,
  now: number,
): TransferState {
  return {
    rtt: createRtt(timingFor(timing, timeoutMs)),
    action: { kind: 'packet', packet: NOTHING, first: 0, count: 0 },
    outcome: undefined,
    parting: undefined,
    told: false,
    closed: false,
    closeAt: 0,
    due: 0,
    sentAt: now,
    progressAt: now,
    heard: false,
    packets: 0,
    retransmissions: 0,
  };
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
  if (s.outcome !== undefined) return;
  s.outcome = outcome;
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
  s.due = now + resendAfter(s.rtt);
}

/** Nothing came of it for too long. Repeats of an old packet are no progress and do not keep a transfer alive. */
export function outOfPatience(s: TransferState, now: number): boolean {
  const { openingMs, giveUpMs } = s.rtt.timing;
  return now - s.progressAt >= (s.heard ? giveUpMs : openingMs);
}

export function progress(s: TransferState, now: number): void {
  s.heard = true;
  s.progressAt = now;
  easeOff(s.rtt);
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
