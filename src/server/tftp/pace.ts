import type { PaceMbps } from './settings.ts';

/** How fast windows may leave: a token bucket that counts octets. */
export type Pace = {
  /** So many octets leave now, allowed or not. */
  spend(bytes: number, now: number): void;
  /** When something that can wait may leave: `now` or earlier means now. */
  readyAt(now: number): number;
};

/**
 * What may leave at once: 170 full frames. The ports of small switches share some 500 kB of buffer; 1000-frame transmit
 * queues of Linux hold 1.5 MB.
 */
const BURST_BYTES = 256 * 1024;
/** Ethernet's header, checksum, preamble and gap, and those of IPv4 and UDP: what a block costs the wire besides itself. */
export const FRAME_OVERHEAD = 66;

/** `mbps`: of the narrowest link that all clients share; undefined: as fast as the system takes it. */
export function createPace(mbps: number | undefined): Pace {
  if (mbps === undefined) return { spend() {}, readyAt: (now) => now };
  const bytesPerMs = mbps * 125;
  // The poller sleeps for whole milliseconds: on a fast link less than one's worth would leave it idle.
  const burst = Math.max(BURST_BYTES, 2 * bytesPerMs);
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;

  function fill(now: number): void {
    tokens = Math.min(burst, tokens + Math.max(0, now - filledAt) * bytesPerMs);
    filledAt = now;
  }

  return {
    spend(bytes, now) {
      fill(now);
      // What does not wait (a window's first blocks) may overdraw, but not so far that what does waits for ever.
      tokens = Math.max(-burst, tokens - bytes);
    },
    readyAt(now) {
      fill(now);
      return tokens > 0 ? now : now + Math.ceil(1 - tokens / bytesPerMs);
    },
  };
}

/** The pace of what leaves by an interface: one for all of them, or each its own. */
export function createPaces(mbps: PaceMbps): (interfaceName: string | undefined) => Pace {
  if (typeof mbps !== 'object') {
    const shared = createPace(mbps);
    return () => shared;
  }
  const own = new Map(Object.entries(mbps).map(([name, each]) => [name, createPace(each)]));
  const free = createPace(undefined);
  return (name) => own.get(name ?? '') ?? free;
}
