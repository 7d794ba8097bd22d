import type { Stamped } from './bus.ts';

/** An event with its place in the order of this run. */
export type Numbered = { readonly number: number; readonly stamped: Stamped };

/** The last events, for whoever comes late or comes back. */
export type RecentEvents = {
  /** For the bus. */
  hear(stamped: Stamped): void;
  /** Those after the event of this number that are still kept, oldest first. */
  after(number: number): Numbered[];
  /** Of the newest event; 0 before the first. */
  readonly last: number;
  /** Calls `listener` with each from now on, until the function returned is called. */
  subscribe(listener: (numbered: Numbered) => void): () => void;
};

/** Keeps `most`: references, no copies. */
export function createRecentEvents(most = 512): RecentEvents {
  const kept: Stamped[] = [];
  const listeners = new Set<(numbered: Numbered) => void>();
  let last = 0;
  return {
    hear(stamped) {
      kept[last++ % most] = stamped;
      for (const listener of listeners) listener({ number: last, stamped });
    },
    after(number) {
      const found: Numbered[] = [];
      for (let n = Math.max(number, last - most, 0) + 1; n <= last; n++) {
        found.push({ number: n, stamped: kept[(n - 1) % most]! });
      }
      return found;
    },
    get last() {
      return last;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
