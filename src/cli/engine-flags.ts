import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of the young heap of who keeps leases: 1 MB is what it begins with, 16 MB each what it would grow to. */
const YOUNG_BYTES = 4 * 1024 * 1024;
/** A list that outlives its collection, and the most of them: 3 MB are enough to make the heap grow. */
const FILLER_LENGTH = 1_000;
const MOST_FILLERS = 2_000;

/**
 * Fits V8's heap to a server, before the rest of the program is loaded into it. What a packet leaves behind is garbage at once.
 *
 * - A parallel collection of so little waits for its helper threads longer than it works: 0.7 ms each time, alone 0.04.
 * - The young heap would grow to 32 MB while the program is loaded and in a boot storm, for what is never used again, and does
 *   not stay in a processor's cache. Transfers need next to none of it.
 *
 * With `keepsLeases`, things made in one turn stay until its commit, and leases for good: of a DHCP server's time a tenth went
 * into collections.
 *
 * - 2 x 2 MB make half as many of them as 2 x 1 do.
 * - To mark the old heap beside the program costs more processor time than the pauses it saves: it is some 30 MB.
 *
 * An engine that does not know a flag goes on as before.
 */
export function setEngineFlags({ keepsLeases }: { readonly keepsLeases: boolean }): void {
  setFlagsFromString('--no-parallel-scavenge');
  if (keepsLeases) {
    setFlagsFromString('--no-concurrent-marking');
    growYoungHeap();
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** The size can no longer be set in a process that runs; so it is filled until it has grown. */
function growYoungHeap(): void {
  const fillers: unknown[][] = [];
  while (youngBytes() < YOUNG_BYTES && fillers.length < MOST_FILLERS) {
    fillers.push(new Array<number>(FILLER_LENGTH).fill(0));
  }
}

function youngBytes(): number {
  return (
    getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? YOUNG_BYTES
  );
}
