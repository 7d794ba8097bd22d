import { ERROR_CODE, OPCODE } from '../tftp-packet/index.ts';
import type { Negotiated } from './negotiate.ts';
import type { NetasciiDecoder } from './netascii.ts';
import { createNetasciiDecoder } from './netascii.ts';
import { backOff, DEFAULT_TIMING, repeatMeansLossAfter, sampleRtt, timingFor } from './rtt.ts';
import type { Action, Phase, TftpFailure, Timing, TransferStats, WriteSession } from './session.ts';
import type { TransferState } from './transfer.ts';
import {
  act,
  actPacket,
  arm,
  createTransferState,
  decide,
  describeError,
  failed,
  outOfPatience,
  part,
  progress,
} from './transfer.ts';
import { blocksAhead, LAST_WIRE_BLOCK, wireBlock } from './wire-block.ts';

/**
 * Theory of operation. `received` is the last block that came in order. What we send is always the ACK of `received`
 * (at the start the OACK or ACK 0); the question is only when.
 *
 * | phase        | event                            | then                                                       |
 * |--------------|----------------------------------|------------------------------------------------------------|
 * | opening      | poll                             | OACK or ACK 0                                              |
 * | opening      | same request again               | the same once more                                         |
 * | transferring | next block                       | store it; ACK at the end of the window                     |
 * | transferring | a later block: a gap             | ACK, once for each gap (RFC 7440 §4)                       |
 * | transferring | the last block again, ACKed      | ACK: ours was lost                                         |
 * | transferring | a block shorter than blksize     | store it, committing                                       |
 * | committing   | committed                        | last ACK, lingering; or ERROR                              |
 * | lingering    | the last block again             | last ACK again (RFC 1350 §6, "dallying")                   |
 * | any          | no answer                        | ACK again, each wait twice as long, then failed            |
 * | any          | more octets than allowed         | ERROR 3, failed                                            |
 * | any          | ERROR                            | failed, peer-error                                         |
 *
 * The last ACK waits for the commit, so that a client which has it has its file on our disk.
 */
type State = TransferState & {
  readonly terms: Negotiated;
  readonly capBytes: number;
  readonly decoder: NetasciiDecoder | undefined;
  readonly ack: Uint8Array;
  received: number;
  /** Blocks since the last ACK, and the block that it named; -1: none went out. */
  unacked: number;
  lastAck: number;
  /** The present gap was told to the sender. */
  gapTold: boolean;
  storedBytes: number;
  /** The ACK that is out went out once, and its answer measures a round trip (Karn). */
  timed: boolean;
  ending: 'no' | 'commit' | 'committing';
};

export type WriteOptions = {
  readonly terms: Negotiated;
  readonly netascii: boolean;
  /** Largest file taken, in octets stored. */
  readonly capBytes: number;
  /** The client's `tsize`, if it announced one. */
  readonly announcedBytes?: number | undefined;
  readonly timing?: Timing;
};

/** A sender has work to do between blocks (it reads a disk): we do not press it as we press for an ACK. */
const WRITE_FLOOR_MS = 250;

/** How long a lost last ACK can be mended (RFC 1350 §6); two waits of the slowest sender at our ceiling. */
const LINGER_MS = 4000;

/** However long the sender's timeout is: what lingers is remembered, and is none of the transfers that are limited in number. */
const LONGEST_LINGER_MS = 20_000;

/**
 * Receives one file (RFC 1350, 2347, 2348, 2349, 7440).
 *
 *     const session = createWriteSession({ terms, netascii: false, capBytes: 1e9 }, now);
 *     session.poll(now);                                  // { kind: 'packet', packet: ACK 0 or OACK }
 *     const octets = session.receive(1, payload, now);    // append these, when there are any
 *     session.poll(now);                                  // { kind: 'commit' } after the short block
 *     session.committed(undefined, now);
 *     session.poll(now);                                  // { kind: 'packet', packet: ACK 1 }
 */
export function createWriteSession(options: WriteOptions, now: number): WriteSession {
  const s = createState(options, now);
  if ((options.announcedBytes ?? 0) > s.capBytes) tooLarge(s);
  return {
    blksize: s.terms.blksize,
    deadline: () => s.due,
    poll: (at) => poll(s, at),
    phase: () => phaseOf(s),
    receive: (block16, payload, at) => receive(s, { block16, payload }, at),
    committed: (problem, at) => committed(s, problem, at),
    peerError: (code, message) => decide(s, failed('peer-error', describeError(code, message))),
    duplicateRequest: (at) => duplicateRequest(s, at),
    abort: (failure, error) => decide(s, failed(failure, error?.message), error),
    outcome: () => s.decided,
    stats: () => statsOf(s),
  };
}

function createState(options: WriteOptions, now: number): State {
  const { terms, timing = DEFAULT_TIMING } = options;
  const floorMs = Math.max(timing.floorMs, WRITE_FLOOR_MS);
  const initialMs = Math.max(timing.initialMs, 4 * WRITE_FLOOR_MS);
  const patience = timingFor({ ...timing, floorMs, initialMs }, terms.timeoutMs);
  return Object.assign(createTransferState(patience, now), {
    terms,
    capBytes: options.capBytes,
    decoder: options.netascii ? createNetasciiDecoder(terms.blksize) : undefined,
    ack: Uint8Array.of(0, OPCODE.ack, 0, 0),
    received: 0,
    unacked: 0,
    lastAck: -1,
    gapTold: false,
    storedBytes: 0,
    timed: false,
    ending: 'no' as const,
  });
}

type Block = { readonly block16: number; readonly payload: Uint8Array };

function receive(s: State, block: Block, now: number): Uint8Array | undefined {
  const ahead = blocksAhead(s.received, block.block16, s.terms.rollover);
  if (s.decided !== undefined) {
    if (s.decided.kind === 'done' && ahead === 0 && s.told && !s.closed) s.parting = ackPacket(s, now);
    return undefined;
  }
  if (s.ending !== 'no') return undefined; // the last ACK comes with the commit
  if (ahead === 1) return store(s, block.payload, now);
  if (ahead === 0) repeated(s);
  else if (ahead <= s.terms.windowsize && !s.gapTold) {
    s.gapTold = true;
    s.due = 0;
  }
  return undefined;
}

function store(s: State, payload: Uint8Array, now: number): Uint8Array | undefined {
  const { blksize, windowsize, rollover } = s.terms;
  if (payload.length > blksize) {
    const error = { code: ERROR_CODE.illegalOperation, message: `Block longer than ${blksize} octets` };
    decide(s, failed('peer-error', error.message), error);
    return undefined;
  }
  if (rollover === 'forbidden' && s.received === LAST_WIRE_BLOCK) {
    const error = { code: 0, message: `File needs more than ${LAST_WIRE_BLOCK} blocks of ${blksize} octets` };
    decide(s, failed('rollover-forbidden', error.message), error);
    return undefined;
  }
  const end = payload.length < blksize;
  const octets = s.decoder === undefined ? payload : s.decoder.convert(payload, end);
  if (s.storedBytes + octets.length > s.capBytes) {
    tooLarge(s);
    return undefined;
  }
  if (s.timed) sampleRtt(s, now - s.sentAt);
  s.timed = false;
  progress(s, now);
  s.received++;
  s.unacked++;
  s.gapTold = false;
  s.storedBytes += octets.length;
  if (end) s.ending = 'commit';
  if (end || s.unacked === windowsize) s.due = 0;
  else arm(s, now);
  return octets.length === 0 ? undefined : octets;
}

/** The sender resends what we have: our ACK was lost. In the middle of a window it goes on to what we miss by itself. */
function repeated(s: State): void {
  if (s.received > 0 && s.lastAck === s.received) s.due = 0;
}

function committed(s: State, problem: TftpFailure | undefined, now: number): void {
  if (s.ending !== 'committing' || s.decided !== undefined) return;
  if (problem === undefined) {
    decide(s, { kind: 'done' });
    s.parting = ackPacket(s, now);
    s.closeAt = now + Math.min(Math.max(LINGER_MS, 2 * (s.terms.timeoutMs ?? 0)), LONGEST_LINGER_MS);
    s.due = 0;
    return;
  }
  const error = commitError(problem);
  decide(s, failed(problem, error.message), error);
}

function commitError(problem: TftpFailure): { code: number; message: string } {
  if (problem === 'exists') return { code: ERROR_CODE.fileExists, message: 'File already exists' };
  if (problem === 'disk-full')
    return { code: ERROR_CODE.diskFull, message: 'Disk full or allocation exceeded' };
  return { code: ERROR_CODE.undefined, message: 'Cannot store the file' };
}

function tooLarge(s: State): void {
  const message = `File is larger than the ${s.capBytes} octets allowed`;
  decide(s, failed('too-large', message), { code: ERROR_CODE.diskFull, message });
}

function poll(s: State, now: number): Action | undefined {
  if (s.decided !== undefined) return part(s, now);
  if (now < s.due) return undefined;
  if (s.ending === 'commit') {
    s.ending = 'committing';
    s.due = Number.POSITIVE_INFINITY; // the disk has no deadline
    return act(s, 'commit');
  }
  if (outOfPatience(s, now)) {
    decide(s, failed('timeout'));
    return part(s, now);
  }
  if (s.due !== 0) backOff(s);
  const opening = s.received === 0 ? s.terms.oack : undefined;
  if (opening === undefined) return actPacket(s, ackPacket(s, now));
  countAck(s, now);
  return actPacket(s, opening);
}

function ackPacket(s: State, now: number): Uint8Array {
  countAck(s, now);
  const block16 = wireBlock(s.received, s.terms.rollover);
  s.ack[2] = block16 >> 8;
  s.ack[3] = block16;
  return s.ack;
}

function countAck(s: State, now: number): void {
  const again = s.lastAck === s.received;
  if (again) s.retransmissions++;
  s.packets++;
  s.timed = !again;
  s.lastAck = s.received;
  s.unacked = 0;
  arm(s, now);
}

function duplicateRequest(s: State, now: number): void {
  if (phaseOf(s) === 'opening' && s.packets > 0 && now - s.sentAt >= repeatMeansLossAfter(s)) s.due = 0;
}

function phaseOf(s: State): Phase {
  if (s.closed) return 'closed';
  if (s.decided !== undefined) return 'lingering';
  if (s.ending !== 'no') return 'committing';
  return s.received === 0 ? 'opening' : 'transferring';
}

function statsOf(s: State): TransferStats {
  return {
    bytes: s.storedBytes,
    packets: s.packets,
    retransmissions: s.retransmissions,
    roundTripMs: s.smoothedMs < 0 ? undefined : s.smoothedMs,
  };
}
