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
const SMALL = 32 * 1024;
const LARGEST = 512 * 1024;
/** For who comes when clients that take nothing hold all that is shared: of 4,096 connections as much again. */
const LAST = 8 * 1024;

/**
 * Shares `octets` of memory between all transfers: a single client gets large buffers, a thousand small ones, so that those who
 * take their time cost little. Half of it is shared so, whoever came first; the rest is for those who find that taken. Sizes are
 * powers of two, and buffers are used again: fresh memory costs more than what is copied to it.
 */
export function createChunks(octets: number): Chunks {
  const shared = octets / 2;
  const free = new Map<number, Chunk[]>();
  let waitingOctets = 0;
  let transfers = 0;
  let held = 0;

  function shareOf(wanted: number): number {
    let size = LARGEST;
    while (size > SMALL && (size * transfers > shared || size >= 2 * wanted)) size /= 2;
    while (size > LAST && held + size > shared) size /= 2;
    return size;
  }

  function reuse(size: number): Chunk | undefined {
    const chunk = free.get(size)?.pop();
    if (chunk) waitingOctets -= size;
    return chunk;
  }

  /** What waits to be used again is an eighth of the memory at most; sizes that nobody takes any more go first. */
  function keep(chunk: Chunk): void {
    const { length: size } = chunk;
    for (const other of free.keys())
      while (other !== size && waitingOctets + size > octets / 8 && reuse(other));
    if (waitingOctets + size > octets / 8) return;
    const waiting = free.get(size);
    if (waiting) waiting.push(chunk);
    else free.set(size, [chunk]);
    waitingOctets += size;
  }

  return {
    open(wanted) {
      let mine = 0;
      const hold = (change: number) => {
        mine += change;
        held += change;
      };
      transfers++;
      return {
        take() {
          const size = shareOf(wanted);
          hold(size);
          return reuse(size) ?? new Uint8Array(size);
        },
        giveBack(chunk) {
          hold(-chunk.length);
          keep(chunk);
        },
        close() {
          transfers--;
          hold(-mine);
        },
      };
    },
  };
}
