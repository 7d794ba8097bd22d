/** Room for the replies of one turn, taken bit by bit and used again in the next. */
export type Payloads = {
  /** What is left, for `encodeReport` to write at its start. */
  room(): Uint8Array;
  /** `bytes` lies there, or elsewhere when it did not fit. */
  keep(bytes: Uint8Array): void;
  reset(): void;
};

/** A turn answers 128 requests at most, and those whose probes end, nearly all of them in 300 octets; what does not fit gets a buffer of its own. */
const SIZE = 96 * 1024;

export function createPayloads(): Payloads {
  const arena = new Uint8Array(SIZE);
  let used = 0;
  return {
    room: () => arena.subarray(used),
    keep(bytes) {
      if (bytes.buffer === arena.buffer) used += bytes.length;
    },
    reset() {
      used = 0;
    },
  };
}
