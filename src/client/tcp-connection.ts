/**
 * One TCP connection of a machine that asks once and then reads (RFC 9293), without I/O.
 *
 *     syn-sent     --SYN ACK-->           established, the question is sent
 *     syn-sent     --RST-->               refused
 *     syn-sent     --ACK of another-->    syn-sent, RST: the server takes us for the machine of an earlier boot (§3.10.7.3)
 *     established  --data in order-->     established, ACK; everything else is dropped and ACKed again
 *     established  --FIN-->               closed
 *     established  --RST-->               reset
 *     any          --silence-->           timeout; RST where there is a connection
 *
 * The window is small on purpose: what a packet socket sees of a virtual card may be a whole window in one frame.
 */
import { TCP_FLAG, type TcpSegment } from '../frame/tcp.ts';

export type TcpSpec = {
  readonly fromPort: number;
  readonly toPort: number;
  /** Initial sequence number, 32 bits. */
  readonly sequence: number;
  /** What is asked, at most {@link LONGEST_QUESTION} octets. */
  readonly question: Uint8Array;
  /** What comes in order; borrowed. */
  readonly onBytes: (bytes: Uint8Array) => void;
};

export type TcpEnd = 'closed' | 'refused' | 'reset' | 'timeout';

export type TcpConnection = {
  receive(segment: TcpSegment, now: number): void;
  /** The next segment to send. */
  poll(now: number): TcpSegment | undefined;
  deadline(): number;
  /** undefined while it is open. */
  end(): TcpEnd | undefined;
  /** Whoever asked has all it wants, or wants no more: the server is told by RST. */
  close(): void;
};

const MSS = 1460;
const WINDOW = 5 * MSS;
/** One segment of any network. */
export const LONGEST_QUESTION = 1200;
const RETRY_MS = [500, 1000, 2000, 4000] as const;
/** A server may have to read from a slow disk. */
const SILENCE_MS = 15_000;

export function createTcpConnection(spec: TcpSpec, startedAt: number): TcpConnection {
  if (spec.question.length > LONGEST_QUESTION) throw new RangeError('Cannot ask: the question is too long');
  const { syn, ack, fin, rst, psh } = TCP_FLAG;
  const asked = (spec.sequence + 1 + spec.question.length) >>> 0;
  const queue: TcpSegment[] = [];
  let state: 'syn-sent' | 'established' | 'over' = 'syn-sent';
  let expected = 0;
  let confirmed = false;
  let tries = 0;
  let retryAt = startedAt;
  let silentUntil = startedAt + SILENCE_MS;
  let ended: TcpEnd | undefined;

  function segment(flags: number, fields: Partial<TcpSegment> = {}): TcpSegment {
    const { fromPort, toPort } = spec;
    const sequence = state === 'syn-sent' ? spec.sequence : asked;
    const about = { fromPort, toPort, sequence, acknowledgment: expected, flags, window: WINDOW };
    return { ...about, payload: new Uint8Array(0), ...fields };
  }

  /** A server that heard nothing would keep the connection. It obeys an RST with the number it expects next (RFC 5961 §3.2). */
  function abandon(end: TcpEnd): void {
    const sequence = confirmed ? asked : (spec.sequence + 1) >>> 0;
    if (state === 'established') queue.push(segment(ack | rst, { sequence }));
    finish(end);
  }

  function finish(end: TcpEnd): void {
    state = 'over';
    ended ??= end;
  }

  /** What has not been confirmed yet, again. */
  function repeat(): TcpSegment {
    if (state === 'syn-sent') return segment(syn, { mss: MSS, acknowledgment: 0 });
    return segment(ack | psh, { sequence: (spec.sequence + 1) >>> 0, payload: spec.question });
  }

  function takeAnswer(given: TcpSegment, now: number): void {
    const { acknowledgment, flags } = given;
    if ((flags & ack) === 0) return;
    if (acknowledgment !== (spec.sequence + 1) >>> 0) {
      if ((flags & rst) === 0) queue.push(segment(rst, { sequence: acknowledgment, acknowledgment: 0 }));
      return;
    }
    if ((flags & rst) !== 0) {
      finish('refused');
      return;
    }
    if ((flags & syn) === 0) return;
    expected = (given.sequence + 1) >>> 0;
    state = 'established';
    tries = 0;
    retryAt = now;
    silentUntil = now + SILENCE_MS;
  }

  function takeData({ sequence, payload, flags }: TcpSegment): void {
    const ahead = (sequence - expected) | 0;
    if (payload.length === 0 && (flags & fin) === 0) return;
    // Of what came before only the new part counts; what comes too early is sent again anyway.
    const skip = -ahead;
    if (ahead <= 0 && skip <= payload.length) {
      const fresh = payload.subarray(skip);
      expected = (expected + fresh.length + ((flags & fin) === 0 ? 0 : 1)) >>> 0;
      if (fresh.length > 0) spec.onBytes(fresh);
      if ((flags & fin) !== 0 && state === 'established') {
        queue.push(segment(ack | fin));
        finish('closed');
        return;
      }
    }
    if (state === 'established') queue.push(segment(ack));
  }

  return {
    receive(given, now) {
      if (state === 'over' || given.fromPort !== spec.toPort || given.toPort !== spec.fromPort) return;
      if (state === 'syn-sent') {
        takeAnswer(given, now);
        return;
      }
      if ((given.flags & rst) !== 0) {
        if (given.sequence === expected) finish('reset');
        return;
      }
      if ((given.flags & ack) !== 0 && given.acknowledgment === asked) confirmed = true;
      silentUntil = now + SILENCE_MS;
      takeData(given);
    },
    poll(now) {
      const next = queue.shift();
      if (next || state === 'over') return next;
      if (now >= silentUntil) {
        abandon('timeout');
        return queue.shift();
      }
      if (confirmed || now < retryAt) return undefined;
      const wait = RETRY_MS[tries++];
      if (wait === undefined) {
        abandon('timeout');
        return queue.shift();
      }
      retryAt = now + wait;
      return repeat();
    },
    deadline() {
      if (state === 'over') return queue.length > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      return confirmed ? silentUntil : Math.min(retryAt, silentUntil);
    },
    end: () => ended,
    close: () => abandon('closed'),
  };
}
