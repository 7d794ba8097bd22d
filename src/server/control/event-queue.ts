/** What is pushed comes out of an iteration, in order; of more than `most` that wait the oldest are dropped, and counted. */
export type EventQueue<T> = {
  push(item: T): void;
  /** How many were dropped since this was asked last. */
  takeLost(): number;
  /** Ends when `signal` aborts. */
  items(signal: AbortSignal): AsyncGenerator<T>;
};

export function createEventQueue<T>(most: number): EventQueue<T> {
  let waiting: T[] = [];
  let lost = 0;
  let wake = Promise.withResolvers<void>();
  return {
    push(item) {
      waiting.push(item);
      if (waiting.length > most) {
        // Half at once: to shift each of them costs more than to keep them.
        lost += waiting.length - Math.ceil(most / 2);
        waiting = waiting.slice(-Math.ceil(most / 2));
      }
      wake.resolve();
    },
    takeLost() {
      const count = lost;
      lost = 0;
      return count;
    },
    async *items(signal) {
      const end = () => wake.resolve();
      signal.addEventListener('abort', end);
      try {
        while (!signal.aborted) {
          const batch = waiting;
          waiting = [];
          for (const item of batch) {
            if (signal.aborted) return;
            yield item;
          }
          if (waiting.length > 0) continue;
          await wake.promise;
          wake = Promise.withResolvers();
        }
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
  };
}
