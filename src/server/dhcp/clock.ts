/** Time for leases, ms since 1970, and for waiting, ms since any moment. Neither ever jumps. */
export type Clock = { readonly wall: () => number; readonly ticks: () => number };

/**
 * The wall clock as it was at the start, kept going by `ticks`. A lease lasts as long as it was told to, also where NTP sets the
 * clock of a board without a battery forward by decades, or an operator sets it back.
 */
export function createClock(
  wall: () => number = () => Date.now(),
  ticks: () => number = () => performance.now(),
): Clock {
  const ahead = wall() - ticks();
  return { wall: () => Math.floor(ahead + ticks()), ticks };
}
