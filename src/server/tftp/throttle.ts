/** Lets `burst` through at once and `perSecond` afterwards; tells how many were held back. */
export type Throttle = {
  /** May this one pass? */
  pass(nowMs: number): boolean;
};

/** A token bucket. What anybody can provoke by a datagram (an ERROR, a log line) goes through one. */
export function createThrottle({ perSecond, burst }: { perSecond: number; burst: number }): Throttle {
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  return {
    pass(nowMs) {
      tokens = Math.min(burst, tokens + Math.max(0, ((nowMs - filledAt) / 1000) * perSecond));
      filledAt = nowMs;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
