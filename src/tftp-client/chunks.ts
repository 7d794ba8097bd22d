/** Small at first: most files are; large ones are written in large pieces. */
const FIRST_BYTES = 16 * 1024;
const MOST_BYTES = 1024 * 1024;

/**
 * Gathers octets to chunks: `put` copies them, `emit` gets a chunk whenever one is full, and what is left at {@link Chunks.end}. A
 * chunk belongs to whom it was given; `spare` gives one back that is done with: to clear new memory takes as long as to fill it.
 */
export type Chunks = { put(octets: Uint8Array): void; end(): void };

export function createChunks(
  emit: (chunk: Uint8Array) => void,
  spare: () => Uint8Array | undefined = () => undefined,
): Chunks {
  let chunk: Uint8Array = new Uint8Array(FIRST_BYTES);
  let used = 0;

  function next(bytes: number): Uint8Array {
    const old = spare();
    return old?.length === bytes ? old : new Uint8Array(bytes);
  }

  return {
    put(octets) {
      let at = 0;
      while (octets.length - at > chunk.length - used) {
        const room = chunk.length - used;
        chunk.set(octets.subarray(at, at + room), used);
        at += room;
        emit(chunk);
        chunk = next(Math.min(chunk.length * 4, MOST_BYTES));
        used = 0;
      }
      chunk.set(at === 0 ? octets : octets.subarray(at), used);
      used += octets.length - at;
    },
    end() {
      if (used > 0) emit(chunk.subarray(0, used));
      used = 0;
    },
  };
}
