/**
 * How long a socket is looked at before its thread sleeps. A LAN's answer comes within this time, and to be woken takes as
 * long again.
 */
export const LOOK_MS = 0.06;

const VAIN_LOOKS = 8;
const SLEEPS_BETWEEN = 64;

/** Whether it is worth it: where answers take longer, only now and then. */
export type Looking = { isWorthIt(): boolean; found(): void; foundNothing(): void };

export function createLooking(): Looking {
  let vain = 0;
  let sleeps = 0;
  return {
    isWorthIt() {
      if (vain < VAIN_LOOKS) return true;
      sleeps = (sleeps + 1) % SLEEPS_BETWEEN;
      return sleeps === 0;
    },
    found() {
      vain = 0;
    },
    foundNothing() {
      vain++;
    },
  };
}
