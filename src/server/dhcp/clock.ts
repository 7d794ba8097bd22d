// Imported: the global of that name is a getter, and the time is asked for several times a packet.
import { performance } from 'node:perf_hooks';

/** Time for leases, ms since 1970, and for waiting, ms since any moment. Neither jumps by itself. */
export type Clock = {
  readonly wall: () => number;
  readonly ticks: () => number;
  /** By how many ms the system's clock was set meanwhile, forward or back; 0 for mere corrections. */
  readonly setBy: () => number;
  /** Follows the system's clock by that much. Whoever calls it moves the leases with it. */
  readonly follow: (ms: number) => void;
};

/** What is corrected in smaller steps than this, NTP's habit, changes no lease noticeably. */
const TOLERANCE_MS = 5_000;

/**
 * The wall clock as it was at the start, kept going by `ticks`. A lease lasts as long as it was told to, also where NTP sets the
 * clock of a board without a battery forward by decades, or an operator sets it back: the server sees the jump, moves
 * all records by it and lets this clock follow, all between two turns.
 */
export function createClock(
  wall: () => number = () => Date.now(),
  ticks: () => number = () => performance.now(),
): Clock {
  let ahead = wall() - ticks();
  return {
    wall: () => Math.floor(ahead + ticks()),
    ticks,
    setBy() {
      const ms = Math.round(wall() - ticks() - ahead);
      return Math.abs(ms) > TOLERANCE_MS ? ms : 0;
    },
    follow(ms) {
      ahead += ms;
    },
  };
}
