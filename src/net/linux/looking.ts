/**
 * How long a socket is looked at before its thread sleeps. A LAN's answer comes within this time, and to be woken takes as
 * long again.
 */
export const LOOK_MS = 0.06;

const VAIN_LOOKS = 8;
const SLEEPS_BETWEEN = 64;

/** A look that took so long was interrupted: others want this processor, and whoever sleeps is woken sooner than they. */
const INTERRUPTED_MS = 5 * LOOK_MS;

/** Whether it is worth it: where answers take longer, or the processor is not ours alone, only now and then. */
export type Looking = { isWorthIt(): boolean; looked(found: boolean, tookMs: number): void };

export function createLooking(): Looking {
  let vain = 0;
  let sleeps = 0;
  return {
    isWorthIt() {
      if (vain < VAIN_LOOKS) return true;
      sleeps = (sleeps + 1) % SLEEPS_BETWEEN;
      return sleeps === 0;
    },
    looked(found, tookMs) {
      if (tookMs > INTERRUPTED_MS) vain = VAIN_LOOKS;
      else if (found) vain = 0;
      else vain++;
    },
  };
}
