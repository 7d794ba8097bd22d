/** How many transfers each worker of one server has under way, in memory that all of them see. */
export type Census = {
  /** This worker has `active` of them now. */
  tell(active: number): void;
  /** What the other workers have. Two that ask at once may both be told of the same free place: a bound, not a law. */
  others(): number;
};

/** One worker's place among those of a server. */
export type Place = {
  /** An Int32 for each worker; see {@link createMemory}. */
  readonly memory: SharedArrayBuffer;
  readonly index: number;
};

/** Memory for the census of so many workers. */
export function createMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT);
}

/** For who sits at `place`. */
export function createCensus({ memory, index }: Place): Census {
  const counts = new Int32Array(memory);
  return {
    tell: (active) => void Atomics.store(counts, index, active),
    others() {
      let sum = 0;
      for (let i = 0; i < counts.length; i++) if (i !== index) sum += Atomics.load(counts, i);
      return sum;
    },
  };
}
