/** Buffers for files on their way out. */
export type Chunks = {
  /** A transfer begins: it gets buffers of its share of the memory. Returns its lease of them. */
  open(octets: number): ChunkLease;
};

export type ChunkLease = {
  /** Of each buffer. */
  readonly size: number;
  take(): Uint8Array;
  /** It may be used again at once: nobody holds it any more. */
  giveBack(buffer: Uint8Array): void;
  /** The transfer ended. Buffers that were not given back are garbage. */
  close(): void;
};

/** Below this a client costs more calls than octets; above it nothing gets faster. */
const SMALLEST = 32 * 1024;
const LARGEST = 512 * 1024;
/** A transfer reads one while the other is being sent. */
const EACH = 2;

/**
 * Shares `octets` of memory between all transfers: a single client gets large buffers, a thousand small ones, so that those who
 * take their time cost little. Sizes are powers of two, and buffers are used again: filling fresh memory costs as much as
 * sending it.
 */
export function createChunks(octets: number): Chunks {
  const free = new Map<number, Uint8Array[]>();
  let transfers = 0;

  function shareOf(wanted: number): number {
    let size = LARGEST;
    while (size > SMALLEST && (size * EACH * transfers > octets || size >= 2 * wanted)) size /= 2;
    return size;
  }

  return {
    open(wanted) {
      transfers++;
      const size = shareOf(wanted);
      let isOpen = true;
      return {
        size,
        take: () => free.get(size)?.pop() ?? new Uint8Array(size),
        giveBack(buffer) {
          const waiting = free.get(size) ?? [];
          // What waits to be used again is a quarter of the memory at most.
          if (isOpen && (waiting.length + 1) * size * 4 <= octets) waiting.push(buffer);
          free.set(size, waiting);
        },
        close() {
          if (isOpen) transfers--;
          isOpen = false;
        },
      };
    },
  };
}
