/**
 * How long a transfer waits for an answer before it says its last words again.
 *
 * `waitMs(tries)`: the wait after `tries` waits in vain; undefined: it is over. `measured`: a round trip of a packet that went out
 * once (Karn). `echoMs`: what comes sooner than this after our packet is no answer to it. `gapMs`: a gap that is still there so long
 * after it was told is told again.
 */
export type Patience = {
  waitMs(tries: number): number | undefined;
  measured(ms: number): void;
  echoMs(): number;
  gapMs(): number;
};

/** Before a round trip was measured. A server may have to look up a name or a disk. */
const INITIAL_MS = 500;
/** A LAN answers in less; but servers read disks. */
const FLOOR_MS = 20;
/** No LAN takes longer than this for a round trip, as long as none was measured. */
const UNKNOWN_ROUND_TRIP_MS = 20;

/**
 * Waits by RFC 6298 (RFC 1123 §4.2.3.2 wants TFTP adaptive): from the measured round trip, doubled each time, up to `timeoutMs`; so
 * many waits of that length as `retries` says, then it is over.
 */
export function adaptivePatience({ timeoutMs, retries }: { timeoutMs: number; retries: number }): Patience {
  let smoothedMs = -1;
  let variationMs = 0;

  function baseMs(): number {
    const base = smoothedMs < 0 ? INITIAL_MS : Math.max(FLOOR_MS, smoothedMs + 4 * variationMs);
    return Math.min(base, timeoutMs);
  }

  function echoMs(): number {
    return smoothedMs < 0 ? UNKNOWN_ROUND_TRIP_MS : smoothedMs + 4 * variationMs;
  }

  return {
    waitMs(tries) {
      const base = baseMs();
      if (tries === 0) return base;
      const doublings = Math.ceil(Math.log2(timeoutMs / base));
      if (tries - doublings > retries) return undefined;
      return Math.min(base * 2 ** tries, timeoutMs);
    },
    measured(ms) {
      if (smoothedMs < 0) {
        smoothedMs = ms;
        variationMs = ms / 2;
      } else {
        variationMs += (Math.abs(smoothedMs - ms) - variationMs) / 4;
        smoothedMs += (ms - smoothedMs) / 8;
      }
    },
    echoMs,
    gapMs: echoMs,
  };
}

/** The fixed waits of a boot ROM; after the last of them it is over. Whatever is repeated is answered, a gap told once. */
export function fixedPatience(waitsMs: readonly number[]): Patience {
  return {
    waitMs: (tries) => waitsMs[tries],
    measured: () => {},
    echoMs: () => 0,
    gapMs: () => Number.POSITIVE_INFINITY,
  };
}
