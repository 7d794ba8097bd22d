/** Held back at once; more go out when they are ready. */
const MOST = 4096;

/** Things for later, each at its time on the ticking clock. */
export function createPostponed<T>() {
  let waiting: { readonly item: T; readonly at: number }[] = [];

  return {
    /** False when too much waits already. */
    add(item: T, at: number): boolean {
      if (waiting.length >= MOST) return false;
      waiting.push({ item, at });
      return true;
    },
    /** Takes what is due, in the order it came. */
    due(now: number): T[] {
      if (waiting.length === 0) return [];
      const ready = waiting.filter(({ at }) => at <= now);
      if (ready.length > 0) waiting = waiting.filter(({ at }) => at > now);
      return ready.map(({ item }) => item);
    },
    /** When {@link due} has something; Infinity when nothing waits. */
    nextAt(): number {
      return waiting.reduce((next, { at }) => Math.min(next, at), Number.POSITIVE_INFINITY);
    },
  };
}
