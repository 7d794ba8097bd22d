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

/** A timer that can be set anew; only the last setting counts. */
export function createTimer(clock: Clock, ring: () => void): { set(time: number): void; clear(): void } {
  let generation = 0;
  return {
    set(time) {
      const mine = ++generation;
      if (time === Number.POSITIVE_INFINITY) return;
      clock.at(time, () => {
        if (mine === generation) ring();
      });
    },
    clear: () => {
      generation++;
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
