import { type ReadOptions, ReadState } from './read-state.ts';
import { backOff, gapMeansLossAfter, repeatMeansLossAfter, sampleRtt } from './rtt.ts';
import type { Action, Outcome, Phase, ReadSession, TftpFailure, TransferStats } from './session.ts';
import {
  act,
  actPacket,
  arm,
  decide,
  describeError,
  failed,
  outOfPatience,
  part,
  progress,
} from './transfer.ts';
import { blocksAhead, LAST_WIRE_BLOCK, wireBlock } from './wire-block.ts';

export type { ReadOptions } from './read-state.ts';

/**
 * Theory of operation. Blocks have absolute numbers from 1 that never wrap; `acked` is the last one confirmed, `sent`
 * the last one of the window that is out. The next packet is always "what follows `acked`": the OACK, then up to
 * `windowsize` blocks. RFC 1350 is the window of one.
 *
 * | phase        | event                             | then                                                      |
 * |--------------|-----------------------------------|-----------------------------------------------------------|
 * | opening      | poll                              | OACK, or window 1 when nothing was negotiated             |
 * | opening      | ACK 0 (OACK is out)               | window 1                                                  |
 * | opening      | same request again                | the opening packet again                                  |
 * | opening      | ERROR                             | finished: probed (3 and 5: failed)                        |
 * | transferring | ACK of `sent`                     | next window; after the last block finished: done          |
 * | transferring | ACK inside the window             | a gap: window restarts behind it (RFC 7440 §4)            |
 * | transferring | ACK of `acked` again              | window restarts, if it has been out for longer than a     |
 * |              |                                   | round trip                                                |
 * | transferring | any other ACK                     | nothing                                                   |
 * | any          | no answer                         | the same again, each wait twice as long, then failed;     |
 * |              |                                   | for windows in turn with the window after it              |
 * | any          | ERROR                             | finished: failed, peer-error                              |
 *
 * A repeated ACK is the hard case. Answering each is the Sorcerer's Apprentice (RFC 1123 §4.2.3.1): atftpd sent a
 * block a thousand times over a link that doubles 1 % of the frames. Answering none makes PXELINUX, which repeats its
 * ACK after 100 ms, wait for our timer. An ACK that was doubled on the way comes within a round trip of our answer to
 * its twin; a client that misses a block repeats itself later. So only the late one is answered, and as the answer
 * starts the round trip anew, doubled packets cannot breed.
 */
/**
 * Sends one file (RFC 1350, 2347, 2348, 2349, 7440; retransmission RFC 6298). Nothing is allocated for a packet.
 *
 *     const session = createReadSession({ terms: negotiate(request, limits, 4096), content: 4096 }, now);
 *     session.poll(now);              // { kind: 'packet', packet: OACK }
 *     session.acknowledge(0, now);
 *     session.poll(now);              // { kind: 'data', first: 1, count: 1 }
 */
export function createReadSession(options: ReadOptions, now: number): ReadSession {
  const session = new Reading(options, now);
  const { rollover } = session.terms;
  if (rollover === 'forbidden' && session.last > LAST_WIRE_BLOCK && session.source === undefined)
    refuseRollover(session);
  return session;
}

/** What the functions below know, as others see it. */
class Reading extends ReadState implements ReadSession {
  get blksize(): number {
    return this.terms.blksize;
  }

  deadline(): number {
    return this.due;
  }

  poll(now: number): Action | undefined {
    return poll(this, now);
  }

  phase(): Phase {
    return phaseOf(this);
  }

  acknowledge(block16: number, now: number, nextWindow = 0): void {
    if (nextWindow > 0) widen(this, block16, nextWindow);
    acknowledge(this, block16, now);
  }

  wireBlock(absolute: number): number {
    return wireBlock(absolute, this.terms.rollover);
  }

  peerError(code: number, message: string): void {
    peerError(this, code, message);
  }

  duplicateRequest(now: number): void {
    duplicateRequest(this, now);
  }

  abort(failure: TftpFailure, error?: { readonly code: number; readonly message: string }): void {
    decide(this, failed(failure, error?.message), error);
  }

  outcome(): Outcome | undefined {
    return this.decided;
  }

  stats(): TransferStats {
    return statsOf(this);
  }
}

/** msftwindow: the fifth octet of an ACK is the size of the window that follows it; an old ACK's counts no more. */
function widen(s: ReadState, block16: number, nextWindow: number): void {
  const { windowMax = 0, rollover } = s.terms;
  if (windowMax === 0 || blocksAhead(s.acked, block16, rollover) > s.sent - s.acked) return;
  s.windowsize = Math.min(nextWindow, windowMax);
}

function acknowledge(s: ReadState, block16: number, now: number): void {
  if (s.decided !== undefined) return;
  if (s.awaitsAck0) {
    if (block16 === 0) openingAccepted(s, now);
    return;
  }
  const ahead = blocksAhead(s.acked, block16, s.terms.rollover);
  if (ahead > s.sent - s.acked) return; // of the past, or for a block that was not sent
  if (ahead === 0) repeated(s, now);
  else advance(s, ahead, now);
}

function openingAccepted(s: ReadState, now: number): void {
  if (s.retransmissions === 0) sampleRtt(s, now - s.sentAt);
  s.awaitsAck0 = false;
  progress(s, now);
  s.due = 0;
}

function advance(s: ReadState, ahead: number, now: number): void {
  const sinceSent = now - s.sentAt;
  if (s.restarted && sinceSent < gapMeansLossAfter(s)) s.falseGaps = true;
  s.acked += ahead;
  progress(s, now);
  if (s.acked >= s.timedFrom) {
    sampleRtt(s, sinceSent);
    s.timedFrom = Number.POSITIVE_INFINITY;
  }
  if (s.acked === s.last) decide(s, { kind: 'done' });
  else if (s.acked === s.sent) {
    s.reported = false;
    s.due = 0;
  } else gap(s, sinceSent, now);
}

/**
 * An ACK inside the window: a block behind it is missing (RFC 7440 §4). Or not: EDK2 and U-Boot ACK a doubled block
 * just so, and each restart makes them ACK again. What comes sooner than a round trip after a restart is no answer to
 * it but shows that the restart was for nothing; from then on we wait for a quiet round trip before we believe a gap.
 */
function gap(s: ReadState, sinceSent: number, now: number): void {
  if (!s.reported && sinceSent < gapMeansLossAfter(s)) return;
  s.reported = true;
  s.due = s.falseGaps ? now + repeatMeansLossAfter(s) : 0;
}

function repeated(s: ReadState, now: number): void {
  if (s.sent === s.acked) return; // its answer is not even out
  const sinceSent = now - s.sentAt;
  if (s.windowsize === 1) {
    if (sinceSent >= repeatMeansLossAfter(s)) s.due = 0;
    return;
  }
  // "The first block of the window is lost" looks like the last ACK once more: believed at once the first time.
  const wait = s.restartedAt === s.acked ? repeatMeansLossAfter(s) : gapMeansLossAfter(s);
  if (!s.reported && sinceSent < wait) return;
  s.restartedAt = s.acked;
  gap(s, sinceSent, now);
}

function poll(s: ReadState, now: number): Action | undefined {
  if (s.decided !== undefined) return part(s, now);
  if (now < s.due) return undefined;
  if (outOfPatience(s, now)) {
    decide(s, failed(s.heard && s.sent === s.last ? 'last-ack-missing' : 'timeout'));
    return part(s, now);
  }
  // The next packet was asked for, at once or after a quiet round trip; or this was a wait in vain.
  if (s.due === 0 || s.reported) s.vainWaits = 0;
  else {
    s.vainWaits++;
    backOff(s);
  }
  return s.awaitsAck0 ? sendOack(s, now) : sendWindow(s, now);
}

function sendOack(s: ReadState, now: number): Action {
  if (s.packets > 0) s.retransmissions++;
  s.packets++;
  arm(s, now);
  return actPacket(s, s.terms.oack!);
}

function sendWindow(s: ReadState, now: number): Action | undefined {
  const { windowsize } = s;
  const { rollover } = s.terms;
  if (s.source !== undefined) s.last = s.source.lastBlockBy(s.acked + windowsize);
  if (s.last < 0) {
    decide(s, failed('read-error'), { code: 0, message: 'Cannot read the file' });
    return part(s, now);
  }
  if (s.vainWaits > 0 && s.vainWaits % 2 === 0 && canLookAhead(s)) {
    s.action.first = s.acked + windowsize + 1;
    s.action.count = s.sent >= s.action.first ? 2 * windowsize : windowsize;
    return sendBlocks(s, now);
  }
  if (rollover === 'forbidden' && Math.min(s.acked + windowsize, s.last) > LAST_WIRE_BLOCK) {
    refuseRollover(s);
    return part(s, now);
  }
  s.action.first = s.acked + 1;
  s.action.count = windowsize;
  return sendBlocks(s, now);
}

/**
 * Every second wait in vain sends the window after the unanswered one. If not the blocks but their ACK was lost, the
 * client waits for just these, and OVMF, which says nothing for 4 s about blocks it has, goes on at once; should its ACK
 * of these be lost too, the window after them comes along the next time. A client that waits for the first window drops
 * what is not in order, as in any window. (In lock-step it might not: PXELINUX ACKs whatever comes.)
 */
function canLookAhead(s: ReadState): boolean {
  const { windowsize } = s;
  return windowsize > 1 && s.source === undefined && s.heard && s.acked + windowsize < s.last;
}

/** What the action names, cut at the end of the file. */
function sendBlocks(s: ReadState, now: number): Action {
  const { first } = s.action;
  const to = Math.min(first + s.action.count - 1, s.last);
  s.action.count = to - first + 1;
  s.timedFrom = Math.max(first, s.sent + 1);
  s.retransmissions += Math.max(0, Math.min(s.sent, to) - first + 1);
  s.packets += s.action.count;
  s.sent = Math.max(s.sent, to);
  s.restarted = s.reported;
  s.reported = false;
  arm(s, now);
  return act(s, 'data');
}

function refuseRollover(s: ReadState): void {
  const message = `File needs more than ${LAST_WIRE_BLOCK} blocks of ${s.terms.blksize} octets`;
  decide(s, failed('rollover-forbidden', message), { code: 0, message });
}

/**
 * Before a byte was taken an ERROR is a probe: OVMF asks for the size and answers the OACK with ERROR 8, the Raspberry
 * Pi's ROM takes block 1 for "it exists". Except disk full (3), which says that the file was wanted, and unknown
 * transfer ID (5), which says that nobody asks.
 */
function peerError(s: ReadState, code: number, message: string): void {
  if (s.acked === 0 && code !== 3 && code !== 5) decide(s, { kind: 'probed' });
  else decide(s, failed('peer-error', describeError(code, message)));
}

/** The opening packet was lost, unless it went out just now and the request was doubled on the way. */
function duplicateRequest(s: ReadState, now: number): void {
  if (s.decided !== undefined || phaseOf(s) !== 'opening' || s.packets === 0) return;
  if (now - s.sentAt >= repeatMeansLossAfter(s)) s.due = 0;
}

function phaseOf(s: ReadState): Phase {
  if (s.closed) return 'closed';
  if (s.decided !== undefined) return 'lingering';
  return s.awaitsAck0 || s.acked === 0 ? 'opening' : 'transferring';
}

function statsOf(s: ReadState): TransferStats {
  return {
    bytes: s.source?.bytesUpTo(s.acked) ?? Math.min(s.acked * s.terms.blksize, s.sizeBytes),
    packets: s.packets,
    retransmissions: s.retransmissions,
    roundTripMs: s.smoothedMs < 0 ? undefined : s.smoothedMs,
  };
}
