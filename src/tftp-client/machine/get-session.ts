import { blocksAhead, LAST_WIRE_BLOCK, wireBlock } from '../../tftp/wire-block.ts';
import { decode, ERROR_CODE, OPCODE, peekNumber, peekOpcode } from '../../tftp-packet/index.ts';
import type { Action, ClientSession } from './session.ts';
import { serverFailure } from './session.ts';
import {
  ackPacket,
  actPacket,
  arm,
  createTransfer,
  fail,
  outOfPatience,
  PLAIN,
  part,
  progress,
  type RequestSpec,
  type Transfer,
  takeOack,
} from './transfer.ts';

/**
 * Theory of operation. Blocks have absolute numbers that never wrap; `received` is the last one that came in order. What we say is
 * always the ACK of `received` (the request before the server has answered); the question is only when.
 *
 * | phase    | event                                   | then                                                     |
 * |----------|-----------------------------------------|----------------------------------------------------------|
 * | asking   | OACK with only what was asked           | reading, ACK 0                                           |
 * | asking   | DATA 1                                  | reading by RFC 1350: the server knows no options         |
 * | reading  | next block                              | keep it; ACK at the end of the window                    |
 * | reading  | a later block: a gap                    | ACK, once in a round trip (RFC 7440 §4)                  |
 * | reading  | the last block again, later than an echo| ACK: ours was lost                                       |
 * | reading  | a block shorter than blksize            | ACK, done                                                |
 * | done     | the last block again                    | ACK again, for as long as its owner listens (RFC 1350 §6)|
 * | any      | silence                                 | the same again, each wait longer, then failed            |
 * | any      | ERROR                                   | failed                                                   |
 *
 * A block that comes twice is answered only when it comes later than a round trip after our ACK: sooner it was doubled on the way,
 * and a server that answers each ACK would send everything twice from then on (RFC 1123 §4.2.3.1).
 *
 * After 65,535 servers go on with 0, some with 1. In lock-step what comes next says it. In a window 1 may also mean
 * that 0 was lost, so 1 is believed when it has followed our ACK of 65,535 three times.
 */
type State = Transfer & {
  received: number;
  /** Blocks since our last ACK, and the block that it named; -1: none went out. */
  unacked: number;
  lastAck: number;
  gapTold: boolean;
  rollover: 0 | 1;
  rolloverKnown: boolean;
  /** After how many of our ACKs 1 came in the place of the block after 65,535, and the last of them. */
  onesSeen: number;
  onesAfter: number;
  bytes: number;
};

const ONES_BELIEVED = 3;

/**
 * Fetches one file. `receive` gives the octets to keep, borrowed as long as the packet; they may be empty at the end of a file.
 *
 *     const session = createGetSession({ filename: 'f', mode: 'octet', options: [], port: 69, patience }, now);
 *     session.poll(now);                              // { kind: 'packet', packet: RRQ }
 *     const octets = session.receive(data1, 4000, now);
 *     session.poll(now);                              // { kind: 'packet', packet: ACK 1 }, for port 4000
 */
export function createGetSession(spec: RequestSpec, now: number): ClientSession {
  const s: State = {
    ...createTransfer('rrq', spec, now),
    received: 0,
    unacked: 0,
    lastAck: -1,
    gapTold: false,
    rollover: 0,
    rolloverKnown: false,
    onesSeen: 0,
    onesAfter: -1,
    bytes: 0,
  };
  return {
    receive: (bytes, port, at) => receive(s, { bytes, port }, at),
    knows: (port) => s.port === 0 || s.port === port,
    poll: (at) => poll(s, at),
    deadline: () => s.due,
    port: () => (s.port === 0 ? spec.port : s.port),
    terms: () => s.terms,
    outcome: () => s.outcome,
    abort: (failure, code) => fail(s, failure, code),
    retransmissions: () => s.retransmissions,
  };
}

type Packet = { readonly bytes: Uint8Array; readonly port: number };

function receive(s: State, { bytes, port }: Packet, now: number): Uint8Array | undefined {
  if (bytes.length < 4 || (s.port !== 0 && s.port !== port)) return undefined;
  const opcode = peekOpcode(bytes);
  if (opcode === OPCODE.data) return takeData(s, { bytes, port }, now);
  if (s.outcome !== undefined) return undefined;
  const decoded = decode(bytes);
  if (!decoded.ok) return undefined;
  const packet = decoded.value;
  if (packet.opcode === 'error') {
    s.port = port;
    fail(s, serverFailure(packet.code, packet.message));
  } else if (packet.opcode === 'oack') {
    s.port = port;
    if (s.terms === undefined) {
      if (!takeOack(s, packet.options)) return undefined;
      progress(s, now);
      s.due = 0;
    } else if (s.received === 0 && s.lastAck === 0 && isLate(s, now)) s.due = 0; // it missed our ACK 0
  }
  return undefined;
}

function takeData(s: State, { bytes, port }: Packet, now: number): Uint8Array | undefined {
  const block16 = peekNumber(bytes);
  if (s.outcome !== undefined) {
    // Dallying: the last block again means that our last ACK was lost.
    if (s.outcome.ok && block16 === wireBlock(s.received, s.rollover)) s.parting = ackPacket(s, block16);
    return undefined;
  }
  if (s.terms === undefined) {
    if (block16 !== 1) return undefined;
    s.port = port;
    s.terms = PLAIN;
  }
  const ahead = aheadOf(s, block16);
  if (ahead === 1) return keep(s, bytes, now);
  if (ahead === 0) {
    if (s.received > 0 && s.lastAck === s.received && isLate(s, now)) s.due = 0;
  } else if (ahead <= s.terms.windowsize && (!s.gapTold || now - s.sentAt >= s.patience.gapMs())) {
    s.gapTold = true;
    s.due = 0;
  }
  return undefined;
}

/** As {@link blocksAhead}; finds out how the server numbers the block after 65,535. */
function aheadOf(s: State, block16: number): number {
  if (s.received !== LAST_WIRE_BLOCK || s.rolloverKnown) return blocksAhead(s.received, block16, s.rollover);
  if (block16 === 0) {
    s.rolloverKnown = true;
    return 1;
  }
  if (block16 === 1 && believesOne(s)) {
    s.rolloverKnown = true;
    s.rollover = 1;
    return 1;
  }
  return blocksAhead(s.received, block16, 0);
}

/** 1 came where 0 is expected. */
function believesOne(s: State): boolean {
  if (s.terms!.windowsize === 1) return true;
  if (s.lastAck !== s.received || s.onesAfter === s.packets) return false;
  s.onesAfter = s.packets;
  s.gapTold = false; // asks for it anew
  return ++s.onesSeen > ONES_BELIEVED;
}

/** More than a round trip after our last packet: this is no echo of what was under way. */
function isLate(s: State, now: number): boolean {
  return now - s.sentAt >= s.patience.echoMs();
}

function keep(s: State, bytes: Uint8Array, now: number): Uint8Array | undefined {
  const { blksize, windowsize, tsize } = s.terms!;
  const length = bytes.length - 4;
  if (length > blksize) {
    const detail = `server sent a block of ${length} octets, ${blksize} were agreed`;
    fail(s, { reason: 'bad-block', detail }, ERROR_CODE.illegalOperation);
    return undefined;
  }
  progress(s, now);
  s.received++;
  s.unacked++;
  s.gapTold = false;
  s.bytes += length;
  if (length < blksize) {
    s.parting = acknowledge(s, now);
    if (tsize !== undefined && tsize !== s.bytes && s.spec.mode === 'octet') {
      fail(s, { reason: 'wrong-size', detail: `server announced ${tsize} octets and sent ${s.bytes}` });
    } else s.outcome = { ok: true };
    s.due = Number.POSITIVE_INFINITY;
  } else if (s.unacked >= windowsize) s.due = 0;
  else arm(s, now);
  return bytes.subarray(4);
}

function acknowledge(s: State, now: number): Uint8Array {
  const again = s.lastAck === s.received;
  if (again) s.retransmissions++;
  s.packets++;
  s.timed = !again;
  s.lastAck = s.received;
  s.unacked = 0;
  arm(s, now);
  return ackPacket(s, wireBlock(s.received, s.rollover));
}

function poll(s: State, now: number): Action | undefined {
  if (s.parting !== undefined) return part(s);
  if (s.outcome !== undefined || now < s.due) return undefined;
  if (s.due !== 0 && outOfPatience(s, `the server fell silent after block ${s.received}`)) return part(s);
  if (s.terms !== undefined) return actPacket(s, acknowledge(s, now));
  if (s.packets > 0) s.retransmissions++;
  s.timed = s.packets === 0;
  s.packets++;
  arm(s, now);
  return actPacket(s, s.request);
}
