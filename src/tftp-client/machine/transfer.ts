import { ERROR_CODE, encode, type TftpMode, type TftpOption } from '../../tftp-packet/index.ts';
import type { Patience } from './patience.ts';
import type { Action, Failure, SessionOutcome, SessionTerms } from './session.ts';

export type RequestSpec = {
  readonly filename: string;
  readonly mode: TftpMode;
  /** Asked in this order; none: RFC 1350. */
  readonly options: readonly TftpOption[];
  /** Where requests go. */
  readonly port: number;
  readonly patience: Patience;
};

/** What reading and writing keep alike; the functions here change it in place. */
export type Transfer = {
  readonly spec: RequestSpec;
  readonly patience: Patience;
  readonly request: Uint8Array;
  readonly ack: Uint8Array;
  readonly action: Action;
  /** The server's port for this transfer (its TID); 0 until it has answered. */
  port: number;
  terms: SessionTerms | undefined;
  outcome: SessionOutcome | undefined;
  /** A last packet that still has to go out. */
  parting: Uint8Array | undefined;
  /** When to act though nothing comes; 0: at once. */
  due: number;
  sentAt: number;
  /** What is out went out once: its answer measures a round trip. */
  timed: boolean;
  /** Waits in vain since the last progress. */
  tries: number;
  packets: number;
  retransmissions: number;
};

/** Terms of a server that knows no options (RFC 1350). */
export const PLAIN: SessionTerms = { blksize: 512, windowsize: 1 };

export function createTransfer(opcode: 'rrq' | 'wrq', spec: RequestSpec, now: number): Transfer {
  const { filename, mode, options, patience } = spec;
  return {
    spec,
    patience,
    request: encode({ opcode, filename, mode, options }),
    ack: Uint8Array.of(0, 4, 0, 0),
    action: { kind: 'packet', packet: new Uint8Array(0), first: 0, count: 0 },
    port: 0,
    terms: undefined,
    outcome: undefined,
    parting: undefined,
    due: 0,
    sentAt: now,
    timed: false,
    tries: 0,
    packets: 0,
    retransmissions: 0,
  };
}

/** Hands out a packet. */
export function actPacket(t: Transfer, packet: Uint8Array): Action {
  t.action.kind = 'packet';
  t.action.packet = packet;
  return t.action;
}

/** The ACK of a block, by its number on the wire. */
export function ackPacket(t: Transfer, block16: number): Uint8Array {
  t.ack[2] = block16 >> 8;
  t.ack[3] = block16;
  return t.ack;
}

/** Something goes out now, and an answer is awaited. */
export function arm(t: Transfer, now: number): void {
  t.sentAt = now;
  t.due = now + (t.patience.waitMs(t.tries) ?? 0);
}

/** The other side went on. */
export function progress(t: Transfer, now: number): void {
  if (t.timed) {
    t.patience.measured(now - t.sentAt);
    t.timed = false;
  }
  t.tries = 0;
}

/** True when the wait that is over was the last one: the transfer has failed. */
export function outOfPatience(t: Transfer, where: string): boolean {
  t.tries++;
  if (t.patience.waitMs(t.tries) !== undefined) return false;
  if (t.port === 0) fail(t, { reason: 'no-answer', detail: 'no answer' });
  else fail(t, { reason: 'timeout', detail: where });
  return true;
}

/** Ends the transfer, once. With `code` the server is told, if one is known. */
export function fail(t: Transfer, failure: Failure, code?: number): void {
  if (t.outcome !== undefined) return;
  t.outcome = { ok: false, failure };
  t.due = Number.POSITIVE_INFINITY;
  if (code !== undefined && t.port !== 0) {
    t.parting = encode({ opcode: 'error', code, message: latin1(failure.detail) });
  }
}

function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** The last packet of a transfer that is over, if it was not sent. */
export function part(t: Transfer): Action | undefined {
  if (t.parting === undefined) return undefined;
  const packet = t.parting;
  t.parting = undefined;
  return actPacket(t, packet);
}

/** Takes the server's OACK for its terms; one that says what was not asked fails (RFC 2347, 2348, 2349, 7440). */
export function takeOack(t: Transfer, options: readonly TftpOption[]): boolean {
  const read = readOack(options, t.spec.options);
  if (typeof read === 'string') {
    fail(t, { reason: 'bad-oack', detail: read }, ERROR_CODE.optionRefused);
    return false;
  }
  t.terms = read;
  return true;
}

/** The terms, or what is wrong with them in words. */
export function readOack(
  options: readonly TftpOption[],
  asked: readonly TftpOption[],
): SessionTerms | string {
  const terms: { blksize: number; windowsize: number; tsize?: number } = { ...PLAIN };
  const seen = new Set<string>();
  for (const [rawName, text] of options) {
    const name = rawName.toLowerCase();
    if (seen.has(name)) continue; // the first of a name counts
    seen.add(name);
    const wish = asked.find(([each]) => each.toLowerCase() === name)?.[1];
    const shown = name.replace(/[^\x21-\x7e]/g, '?').slice(0, 40);
    if (wish === undefined) return `server acknowledged ${shown}, which was not asked`;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    const answer = `server answered ${shown} ${text.replace(/[^\x20-\x7e]/g, '?').slice(0, 20)} to ${wish}`;
    if (name === 'tsize') {
      if (Number.isNaN(value)) return 'server sent a tsize that is no number';
      terms.tsize = value;
    } else if (name === 'blksize') {
      if (!(value >= 8 && value <= Number(wish))) return answer;
      terms.blksize = value;
    } else if (name === 'windowsize') {
      if (!(value >= 1 && value <= Number(wish))) return answer;
      terms.windowsize = value;
    } else if (name === 'timeout' && value !== Number(wish)) return answer;
  }
  return terms;
}
