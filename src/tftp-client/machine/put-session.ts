import { blocksAhead, LAST_WIRE_BLOCK, wireBlock } from '../../tftp/wire-block.ts';
import { decode, OPCODE, peekNumber, peekOpcode } from '../../tftp-packet/index.ts';
import type { Action, ClientSession } from './session.ts';
import { serverFailure } from './session.ts';
import {
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
 * Theory of operation. Blocks have absolute numbers that never wrap; `acked` is the last one that the server has, `sent` the last one
 * of the window that is out, `ready` the last one whose octets are here: a pipe may be slow.
 *
 * | phase    | event                         | then                                                          |
 * |----------|-------------------------------|---------------------------------------------------------------|
 * | asking   | OACK with only what was asked | sending                                                       |
 * | asking   | ACK 0                         | sending by RFC 1350: the server knows no options              |
 * | sending  | ACK of `sent`                 | next window, as soon as it is full or the file ends; after    |
 * |          |                               | the last block done                                           |
 * | sending  | ACK inside the window         | a gap: the window restarts behind it (RFC 7440 §4)            |
 * | sending  | ACK of `acked` again          | windows restart if it comes later than an echo; in lock-step  |
 * |          |                               | nothing (RFC 1123 §4.2.3.1)                                   |
 * | any      | silence                       | the same again, each wait longer, then failed; a window in    |
 * |          |                               | smaller bursts                                                |
 * | any      | ERROR                         | failed                                                        |
 *
 * After 65,535 we go on with 0. A server that wants 1 has no way to say so but by ACKing 65,535 again; after the fourth
 * time, each of them later than a round trip, it gets 1. Before that is settled no window goes past that block: a server that drops
 * our 0 would take our 1 for its own, and the file would lack a block.
 *
 * Silence after a window says that its end was lost: it was more at once than the server's buffer, or a switch's, holds. So a window goes out
 * in bursts of half as many blocks then, with a pause between them, and they grow again slowly (as TCP's do, RFC 5681).
 */
type State = Transfer & {
  acked: number;
  sent: number;
  ready: number;
  /** Number of the last block, Infinity before the end of the file is known. */
  last: number;
  rollover: 0 | 1;
  rolloverKnown: boolean;
  refusals: number;
  /** When the last ACK came that was no copy of another. */
  heardAt: number;
  /** So many blocks go out at once, its fraction left out. */
  burst: number;
  /** Behind a pause until `due` the window goes on with this block; 0: all of it is out. */
  next: number;
};

const LEAST_BURST = 16;
const PAUSE_MS = 0.4;
/** After each window that arrived whole. */
const BURST_GROWTH = 1 / 4;

const REFUSALS_BELIEVED = 4;

export type PutSession = ClientSession & {
  /** The octets of all blocks up to `ready` are here; `ended`: it is the last one. */
  offer(ready: number, ended: boolean): void;
  /** The last block that the server has: what came before needs not be kept. */
  acked(): number;
  /** The 16 bits that DATA `absolute` carries. */
  wireBlock(absolute: number): number;
};

/**
 * Sends one file. Actions of kind `data` name blocks; the shell has their octets.
 *
 *     const session = createPutSession({ filename: 'f', mode: 'octet', options: [], port: 69, patience }, now);
 *     session.poll(now);               // { kind: 'packet', packet: WRQ }
 *     session.receive(ack0, 4000, now);
 *     session.offer(1, true);          // all of it is one short block
 *     session.poll(now);               // { kind: 'data', first: 1, count: 1 }, for port 4000
 */
export function createPutSession(spec: RequestSpec, now: number): PutSession {
  const s: State = {
    ...createTransfer('wrq', spec, now),
    acked: 0,
    sent: 0,
    ready: 0,
    last: Number.POSITIVE_INFINITY,
    rollover: 0,
    rolloverKnown: false,
    refusals: 0,
    heardAt: now,
    burst: Number.POSITIVE_INFINITY,
    next: 0,
  };
  return {
    receive(bytes, port, at) {
      receive(s, { bytes, port }, at);
      return undefined;
    },
    knows: (port) => s.port === 0 || s.port === port,
    poll: (at) => poll(s, at),
    deadline: () => s.due,
    port: () => (s.port === 0 ? spec.port : s.port),
    terms: () => s.terms,
    outcome: () => s.outcome,
    abort: (failure, code) => fail(s, failure, code),
    retransmissions: () => s.retransmissions,
    offer: (ready, ended) => offer(s, ready, ended),
    acked: () => s.acked,
    wireBlock: (absolute) => wireBlock(absolute, s.rollover),
  };
}

type Packet = { readonly bytes: Uint8Array; readonly port: number };

function receive(s: State, { bytes, port }: Packet, now: number): void {
  if (bytes.length < 4 || s.outcome !== undefined || (s.port !== 0 && s.port !== port)) return;
  if (peekOpcode(bytes) === OPCODE.ack) {
    takeAck(s, { bytes, port }, now);
    return;
  }
  const decoded = decode(bytes);
  if (!decoded.ok) return;
  const packet = decoded.value;
  if (packet.opcode === 'error') {
    s.port = port;
    fail(s, serverFailure(packet.code, packet.message));
  } else if (packet.opcode === 'oack' && s.terms === undefined) {
    s.port = port;
    if (takeOack(s, packet.options)) begin(s, now);
  }
}

function takeAck(s: State, { bytes, port }: Packet, now: number): void {
  const block16 = peekNumber(bytes);
  if (s.terms === undefined) {
    if (block16 !== 0) return;
    s.port = port;
    s.terms = PLAIN;
    begin(s, now);
    return;
  }
  const ahead = blocksAhead(s.acked, block16, s.rollover);
  if (ahead > s.sent - s.acked) return; // of the past, or for a block that was not sent
  if (ahead === 0) repeated(s, now);
  else advance(s, ahead, now);
}

function begin(s: State, now: number): void {
  progress(s, now);
  s.due = 0;
}

function advance(s: State, ahead: number, now: number): void {
  s.acked += ahead;
  if (s.tries === 0 && s.acked === s.sent) s.burst += BURST_GROWTH;
  s.heardAt = now;
  if (s.acked > LAST_WIRE_BLOCK) s.rolloverKnown = true;
  progress(s, now);
  if (s.acked === s.last) {
    s.outcome = { ok: true };
    s.due = Number.POSITIVE_INFINITY;
  } else s.due = 0;
}

function repeated(s: State, now: number): void {
  if (s.sent === s.acked || isPaused(s)) return;
  const echoMs = s.patience.echoMs();
  if (s.acked === LAST_WIRE_BLOCK && !s.rolloverKnown && now - s.heardAt >= echoMs) refused(s, now);
  if (s.terms!.windowsize > 1 && now - s.sentAt >= echoMs) s.due = 0;
}

function refused(s: State, now: number): void {
  s.heardAt = now;
  if (++s.refusals >= REFUSALS_BELIEVED) s.rollover = 1;
  s.due = 0;
}

function offer(s: State, ready: number, ended: boolean): void {
  s.ready = ready;
  if (ended) s.last = ready;
  // It waited for these.
  if (s.terms !== undefined && s.outcome === undefined && s.sent === s.acked) s.due = 0;
}

function poll(s: State, now: number): Action | undefined {
  if (s.parting !== undefined) return part(s);
  if (s.outcome !== undefined || now < s.due) return undefined;
  if (isPaused(s)) return sendBurst(s, s.next, now);
  if (s.due !== 0) {
    if (outOfPatience(s, `the server fell silent after block ${s.acked}`)) return part(s);
    if (s.terms !== undefined) s.burst = Math.max(LEAST_BURST, Math.min(s.burst, s.terms.windowsize) / 2);
  }
  return s.terms === undefined ? sendRequest(s, now) : sendBurst(s, s.acked + 1, now);
}

function isPaused(s: State): boolean {
  return s.due !== 0 && s.next !== 0;
}

function sendRequest(s: State, now: number): Action {
  if (s.packets > 0) s.retransmissions++;
  s.timed = s.packets === 0;
  s.packets++;
  arm(s, now);
  return actPacket(s, s.request);
}

/** Of the window, from block `from` on; nothing before all of the window is here. */
function sendBurst(s: State, from: number, now: number): Action | undefined {
  const { windowsize } = s.terms!;
  const most = s.rolloverKnown ? s.last : Math.min(s.last, LAST_WIRE_BLOCK + 1);
  const end = Math.min(s.acked + windowsize, most);
  if (end > s.ready) {
    s.due = Number.POSITIVE_INFINITY; // until more is offered
    s.next = 0;
    return undefined;
  }
  const to = Math.min(end, from + Math.floor(s.burst) - 1);
  const { action } = s;
  action.kind = 'data';
  action.first = from;
  action.count = to - from + 1;
  const again = Math.max(0, Math.min(s.sent, to) - from + 1);
  s.retransmissions += again;
  s.packets += action.count;
  s.timed = again === 0;
  s.sent = Math.max(s.sent, to);
  arm(s, now);
  s.next = to < end ? to + 1 : 0;
  if (s.next !== 0) s.due = now + PAUSE_MS;
  return action;
}
