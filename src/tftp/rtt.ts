import type { Timing } from './session.ts';

/**
 * Round-trip times of one client (RFC 6298; RFC 1123 §4.2.3.2 wants TFTP adaptive).
 *
 * The floor is 30 ms, not RFC 6298's second: boot networks answer in under a millisecond, PXELINUX repeats its ACK
 * after 100 ms, and OVMF says nothing for 4 s after a lost block, so that each second of ours would be a second of the
 * boot. A resend too many costs one packet: receivers drop it, and no duplicate ACK is answered blindly.
 */
export const DEFAULT_TIMING: Timing = {
  initialMs: 250,
  floorMs: 30,
  ceilingMs: 2000,
  openingMs: 14_000, // OVMF repeats itself after 4, 8 and 12 s
  giveUpMs: 30_000,
};

/** How long a repeat must have been awaited while no round trip is known: no LAN takes longer, no client is faster. */
const UNKNOWN_ROUND_TRIP_MS = 20;

/** At most 120 ms from the floor of 30. */
const EASED_DOUBLINGS = 2;

/**
 * However long a client means to wait: a forged request with the longest `timeout` must not hold one of the server's
 * transfers for a quarter of an hour, for then three of them a second would keep everybody else out.
 */
const LONGEST_OPENING_MS = 30_000;
const LONGEST_PATIENCE_MS = 120_000;

/** Part of a transfer's state; the functions here change it in place. */
export type Rtt = {
  readonly timing: Timing;
  /** Negative: none was measured. */
  smoothedMs: number;
  variationMs: number;
  shortestMs: number;
  doublings: number;
};

export function resetRtt(rtt: Rtt): void {
  rtt.smoothedMs = -1;
  rtt.variationMs = 0;
  rtt.shortestMs = Number.POSITIVE_INFINITY;
  rtt.doublings = 0;
}

/**
 * The client's `timeout` option (RFC 2349: "the number of seconds to wait before retransmitting") is read as the
 * longest wait: U-Boot asks for 5 because that is its own timer, and is only slowed by a server that takes it for the
 * shortest. Patience grows with it, within bounds, so that a client with long pauses keeps its transfer.
 */
export function timingFor(timing: Timing, timeoutMs: number | undefined): Timing {
  if (timeoutMs === undefined) return timing;
  return {
    initialMs: Math.min(timing.initialMs, timeoutMs),
    floorMs: Math.min(timing.floorMs, timeoutMs),
    ceilingMs: timeoutMs,
    openingMs: Math.max(timing.openingMs, Math.min(3 * timeoutMs, LONGEST_OPENING_MS)),
    giveUpMs: Math.max(timing.giveUpMs, Math.min(5 * timeoutMs, LONGEST_PATIENCE_MS)),
  };
}

/** A round trip of a packet that was sent once (Karn's rule is the caller's: a resent one has no round trip). */
export function sampleRtt(rtt: Rtt, ms: number): void {
  if (rtt.smoothedMs < 0) {
    rtt.smoothedMs = ms;
    rtt.variationMs = ms / 2;
  } else {
    rtt.variationMs += (Math.abs(rtt.smoothedMs - ms) - rtt.variationMs) / 4;
    rtt.smoothedMs += (ms - rtt.smoothedMs) / 8;
  }
  if (ms < rtt.shortestMs) rtt.shortestMs = ms;
  rtt.doublings = 0;
}

/** A wait was in vain: the next is twice as long, until a round trip is measured again. */
export function backOff(rtt: Rtt): void {
  if (resendAfter(rtt) < rtt.timing.ceilingMs) rtt.doublings++;
}

/**
 * The client goes on, but with packets that went out twice and measure nothing. RFC 6298 would stay as slow as it is; on
 * a LAN that loses packets at random the next wait is then seconds for nothing. Some of it is kept, for a network
 * that is slow because it is full.
 */
export function easeOff(rtt: Rtt): void {
  if (rtt.doublings > EASED_DOUBLINGS) rtt.doublings = EASED_DOUBLINGS;
}

/** How long to wait for an answer. */
export function resendAfter(rtt: Rtt): number {
  const { initialMs, floorMs, ceilingMs } = rtt.timing;
  const base = rtt.smoothedMs < 0 ? initialMs : Math.max(floorMs, rtt.smoothedMs + 4 * rtt.variationMs);
  // Asked for each packet, and a power is a call of the C library's.
  return Math.min(rtt.doublings === 0 ? base : base * 2 ** rtt.doublings, ceilingMs);
}

/** A repeated ACK that comes later than this after our packet tells that the packet was lost, sooner tells nothing. */
export function repeatMeansLossAfter(rtt: Rtt): number {
  return rtt.smoothedMs < 0 ? UNKNOWN_ROUND_TRIP_MS : rtt.smoothedMs + 4 * rtt.variationMs;
}

/** An ACK that comes sooner than this after a window is not about it; some leeway, as nobody is faster than before. */
export function gapMeansLossAfter(rtt: Rtt): number {
  return rtt.shortestMs === Number.POSITIVE_INFINITY ? 0 : rtt.shortestMs * 0.75;
}
