import type { Negotiated } from './negotiate.ts';
import { backOff, DEFAULT_TIMING, repeatMeansLossAfter, resetRtt, sampleRtt } from './rtt.ts';
import type { Action, Phase, ReadSession, Timing, TransferStats } from './session.ts';
import type { TransferState } from './transfer.ts';
import {
  act,
  actPacket,
  arm,
  createTransferState,
  decide,
  describeError,
  failed,
  part,
  progress,
} from './transfer.ts';
import { LAST_WIRE_BLOCK } from './wire-block.ts';

/**
 * One file for many clients at once (RFC 2090, experimental).
 *
 * Theory of operation. All members of a group listen to the same multicast address, where each block is sent once. One
 * of them, the master, asks for blocks: its ACK n means "n + 1 next", and jumps over what it has heard already. When it
 * has all, or says nothing any more, the oldest of the others is made master by an OACK with mc=1, and asks for what it has
 * missed. A member that hears everything while others ask never has to ask at all: its first ACK as master is its last.
 *
 * | member  | event                        | then                                                             |
 * |---------|------------------------------|------------------------------------------------------------------|
 * | joining | poll                         | OACK with mc=1 when there is no master, else mc=0                |
 * | any     | same request again           | its OACK again                                                   |
 * | waiting | ACK of the last block        | done                                                             |
 * | waiting | any other ACK                | OACK with mc=0, once a second at most: it is not the master      |
 * | waiting | the master has gone          | OACK with mc=1: master                                           |
 * | master  | ACK n                        | block n + 1; after the last one done, and the next is master     |
 * | master  | ACK n again                  | block n + 1, if it has been out for longer than a round trip     |
 * | master  | no answer                    | the same again, each wait twice as long; after 5 s it waits at   |
 * |         |                              | the end of the line, the second time it has failed; one that is  |
 * |         |                              | alone has the patience of any transfer                           |
 * | any     | ERROR                        | failed                                                           |
 *
 * Block numbers do not wrap here: a jump would not tell which way. Files of more than 65,535 blocks are not for groups.
 */
export type MulticastGroup = {
  /** A client joins; it has the transfer's session. `oacks` are its OACK with mc=1 and with mc=0. */
  join(oacks: Oacks, options: MemberOptions, now: number): ReadSession;
  /** Members whose transfer is not decided. */
  readonly size: number;
};

export type Oacks = { readonly master: Uint8Array; readonly listener: Uint8Array };

export type MemberOptions = {
  readonly timing?: Timing | undefined;
  /** It has something to do although nothing arrived for it: {@link ReadSession.poll}. */
  touched(): void;
};

type Member = TransferState & {
  readonly oacks: Oacks;
  readonly touched: () => void;
  master: boolean;
  /** Its OACK is to be sent, or was sent and has no answer yet. */
  oackDue: boolean;
  awaitsAck: boolean;
  acked: number;
  /** Since when it is master; how often it was and said nothing. */
  masterSince: number;
  silences: number;
  toldAt: number;
};

type Group = {
  readonly terms: Negotiated;
  readonly sizeBytes: number;
  readonly last: number;
  readonly line: Member[];
  /** Something of the file was asked for; members wait for as long as this goes on. */
  movedAt: number;
};

const MASTER_SILENCE_MS = 5_000;
const REMIND_MS = 1_000;

/** Can a file be sent to a group? */
export function fitsGroup(sizeBytes: number, blksize: number): boolean {
  return Math.floor(sizeBytes / blksize) + 1 <= LAST_WIRE_BLOCK;
}

/** `sizeBytes` of the file; `terms` are the same for all members, and their window is one block. */
export function createMulticastGroup(terms: Negotiated, sizeBytes: number, now: number): MulticastGroup {
  const last = Math.floor(sizeBytes / terms.blksize) + 1;
  const g: Group = { terms, sizeBytes, last, line: [], movedAt: now };
  return {
    join(oacks, { timing = DEFAULT_TIMING, touched }, at) {
      const m = createMember(oacks, { timing, touched }, at);
      g.line.push(m);
      if (g.line.length === 1) makeMaster(m);
      return sessionOf(g, m);
    },
    get size() {
      return g.line.length;
    },
  };
}

function createMember(oacks: Oacks, { timing, touched }: Required<MemberOptions>, now: number): Member {
  return Object.assign(createTransferState(timing ?? DEFAULT_TIMING, now), {
    ...{ oacks, touched, master: false, oackDue: true, awaitsAck: false },
    ...{ acked: 0, masterSince: now, silences: 0, toldAt: Number.NEGATIVE_INFINITY },
  });
}

function sessionOf(g: Group, m: Member): ReadSession {
  return {
    blksize: g.terms.blksize,
    deadline: () => m.due,
    poll: (at) => poll(g, m, at),
    phase: () => phaseOf(m),
    acknowledge: (block16, at) => acknowledge(g, m, { block: block16, now: at }),
    wireBlock: (absolute) => absolute,
    peerError(code, message) {
      decide(m, failed('peer-error', describeError(code, message)));
      leave(g, m);
    },
    duplicateRequest(at) {
      if (m.decided !== undefined || m.acked > 0 || at - m.sentAt < repeatMeansLossAfter(m)) return;
      m.oackDue = true;
      m.due = 0;
    },
    abort(failure, error) {
      decide(m, failed(failure, error?.message), error);
      leave(g, m);
    },
    outcome: () => m.decided,
    stats: () => statsOf(g, m),
  };
}

function makeMaster(m: Member): void {
  m.master = true;
  m.masterSince = Number.POSITIVE_INFINITY; // from its OACK on
  m.oackDue = true;
  m.awaitsAck = true;
  m.due = 0;
}

function leave(g: Group, m: Member): void {
  const at = g.line.indexOf(m);
  if (at >= 0) g.line.splice(at, 1);
  if (!m.master) return;
  m.master = false;
  promote(g);
}

function promote(g: Group): void {
  const [next] = g.line;
  if (next === undefined) return;
  makeMaster(next);
  next.touched();
}

type Ack = { readonly block: number; readonly now: number };

function acknowledge(g: Group, m: Member, { block, now }: Ack): void {
  if (m.decided !== undefined || block > g.last) return;
  m.heard = true;
  if (block === g.last) {
    m.acked = block;
    g.movedAt = now;
    decide(m, { kind: 'done' });
    leave(g, m);
  } else if (m.master) asked(g, m, { block, now });
  else remind(m, now);
}

/** The ACK of an OACK with mc=0, which some clients send, is no demand for blocks, but there is no harm in telling again. */
function remind(m: Member, now: number): void {
  if (now - m.toldAt < REMIND_MS) return;
  m.oackDue = true;
  m.due = 0;
}

function asked(g: Group, m: Member, { block, now }: Ack): void {
  if (!m.awaitsAck && block < m.acked) return; // of the past
  const again = !m.awaitsAck && block === m.acked && m.packets > 0;
  if (again && now - m.sentAt < repeatMeansLossAfter(m)) return;
  if (!again) {
    if (!m.awaitsAck) sampleRtt(m, now - m.sentAt);
    progress(m, now);
    m.masterSince = now;
    g.movedAt = now;
  }
  m.awaitsAck = false;
  m.acked = block;
  m.due = 0;
}

function poll(g: Group, m: Member, now: number): Action | undefined {
  if (m.decided !== undefined) return part(m, now);
  if (now < m.due) return undefined;
  if (m.oackDue) return sendOack(m, now);
  if (!m.master) return waitOn(g, m, now);
  if (now - m.masterSince >= silenceOf(g, m)) {
    giveUpOn(g, m, now);
    return m.decided === undefined ? undefined : part(m, now);
  }
  if (m.due !== 0) backOff(m);
  return m.awaitsAck ? sendOack(m, now) : sendBlock(m, now);
}

function sendOack(m: Member, now: number): Action {
  if (m.packets > 0 && m.toldAt > Number.NEGATIVE_INFINITY) m.retransmissions++;
  m.oackDue = false;
  m.toldAt = now;
  m.packets++;
  arm(m, now);
  if (!m.master) m.due = now + m.timing.giveUpMs;
  else if (m.masterSince === Number.POSITIVE_INFINITY) m.masterSince = now;
  return actPacket(m, m.master ? m.oacks.master : m.oacks.listener);
}

function sendBlock(m: Member, now: number): Action {
  if (m.due !== 0) m.retransmissions++;
  m.packets++;
  m.action.first = m.acked + 1;
  m.action.count = 1;
  arm(m, now);
  return act(m, 'data');
}

/** A listener is patient for as long as the others make progress. */
function waitOn(g: Group, m: Member, now: number): Action | undefined {
  const until = g.movedAt + m.timing.giveUpMs;
  if (now < until) {
    m.due = until;
    return undefined;
  }
  decide(m, failed('timeout'));
  leave(g, m);
  return part(m, now);
}

/** A master that says nothing keeps the others waiting; one that is alone keeps nobody. */
function silenceOf(g: Group, m: Member): number {
  return g.line.length > 1 ? MASTER_SILENCE_MS : m.timing.giveUpMs;
}

function giveUpOn(g: Group, m: Member, now: number): void {
  m.silences++;
  if (m.silences > 1 || g.line.length === 1) {
    decide(m, failed('timeout'));
    leave(g, m);
    return;
  }
  g.line.splice(g.line.indexOf(m), 1);
  g.line.push(m);
  m.master = false;
  m.awaitsAck = false;
  resetRtt(m);
  m.due = now + m.timing.giveUpMs;
  promote(g);
}

function phaseOf(m: Member): Phase {
  if (m.closed) return 'closed';
  if (m.decided !== undefined) return 'lingering';
  return m.acked === 0 ? 'opening' : 'transferring';
}

function statsOf(g: Group, m: Member): TransferStats {
  return {
    bytes: Math.min(m.acked * g.terms.blksize, g.sizeBytes),
    packets: m.packets,
    retransmissions: m.retransmissions,
    roundTripMs: m.smoothedMs < 0 ? undefined : m.smoothedMs,
  };
}
