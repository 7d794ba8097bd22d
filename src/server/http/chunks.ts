/** Buffers for files on their way out. */
export type Chunks = {
  /** A transfer of so many octets begins: it gets buffers of its share of the memory. */
  open(octets: number): ChunkLease;
};

export type Chunk = Uint8Array<ArrayBuffer>;

export type ChunkLease = {
  take(): Chunk;
  /** It may be used again at once: nobody holds it any more. One that is not given back is garbage. */
  giveBack(chunk: Chunk): void;
  /** The transfer ended. */
  close(): void;
};

/** Below this a client costs more calls than octets; above it nothing gets faster. */
const SMALLEST = 32 * 1024;
const LARGEST = 512 * 1024;

/**
 * Shares `octets` of memory between all transfers: a single client gets large buffers, a thousand small ones, so that those who
 * take their time cost little. Sizes are powers of two, and buffers are used again: fresh memory costs more than what is copied
 * to it.
 */
export function createChunks(octets: number): Chunks {
  const free = new Map<number, Chunk[]>();
  let transfers = 0;

  function shareOf(wanted: number): number {
    let size = LARGEST;
    while (size > SMALLEST && (size * transfers > octets || size >= 2 * wanted)) size /= 2;
    return size;
  }

  return {
    open(wanted) {
      transfers++;
      const size = shareOf(wanted);
      const waiting = free.get(size) ?? [];
      free.set(size, waiting);
      return {
        take: () => waiting.pop() ?? new Uint8Array(size),
        giveBack(chunk) {
          // What waits to be used again is an eighth of the memory at most.
          if ((waiting.length + 1) * size * 8 <= octets) waiting.push(chunk);
        },
        close() {
          transfers--;
        },
      };
    },
  };
}
