/** Virtual time: things happen in the order of their time, at once. */
export type Clock = {
  now(): number;
  at(time: number, happen: () => void): void;
  /** Lets things happen until nothing is left, `until` is over, or `stop` says so. */
  run(until: number, stop?: () => boolean): void;
};

export function createClock(): Clock {
  const queue: { time: number; order: number; happen: () => void }[] = [];
  let now = 0;
  let order = 0;

  /** A binary search keeps the queue sorted, soonest last. */
  function insert(time: number, happen: () => void): void {
    const entry = { time: Math.max(time, now), order: order++, happen };
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = queue[middle]!;
      if (other.time > entry.time || (other.time === entry.time && other.order > entry.order))
        low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, entry);
  }

  return {
    now: () => now,
    at: insert,
    run(until, stop) {
      while (queue.length > 0 && queue.at(-1)!.time <= until && !stop?.()) {
        const next = queue.pop()!;
        now = next.time;
        next.happen();
      }
    },
  };
}

/** A timer that can be set anew; only the last setting counts. One that moves to later costs the queue nothing. */
export function createTimer(clock: Clock, ring: () => void): { set(time: number): void; clear(): void } {
  let due = Number.POSITIVE_INFINITY;
  let queued = Number.POSITIVE_INFINITY;

  function queue(): void {
    if (due >= queued) return;
    queued = due;
    clock.at(due, () => {
      if (clock.now() < queued) return; // an earlier one was queued since
      queued = Number.POSITIVE_INFINITY;
      if (clock.now() < due) queue();
      else {
        due = Number.POSITIVE_INFINITY;
        ring();
      }
    });
  }

  return {
    set(time) {
      due = Math.max(time, clock.now());
      queue();
    },
    clear: () => {
      due = Number.POSITIVE_INFINITY;
    },
  };
}

/** mulberry32: the same numbers from 0 to 1 for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
