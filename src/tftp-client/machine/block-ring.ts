import { putDataHeader } from '../../tftp-packet/index.ts';

/**
 * The blocks of an upload that may have to be sent again, each laid out as a DATA packet, one behind the other: a window is one piece
 * of memory, or two where the ring ends.
 */
export type BlockRing = {
  /** Room for more than the blocks after `acked`? */
  hasRoom(acked: number): boolean;
  /** Memory for the block that is being filled: what it still takes. */
  space(): Uint8Array;
  /** So many octets were written into {@link BlockRing.space}. */
  fill(count: number): void;
  /** The file ends here: what is begun, or an empty block, is the last one. */
  end(): void;
  /** Number of the last block that is complete; `ended`: of the file. */
  ready(): number;
  ended(): boolean;
  /** Packets from block `first` on, at most `count`, that lie behind one another; the last of a file may be shorter. */
  packets(first: number, count: number): { readonly bytes: Uint8Array; readonly count: number };
  /** Writes a block's number on the wire. */
  number(absolute: number, block16: number): void;
};

export function createBlockRing(blksize: number, blocks: number): BlockRing {
  const stride = blksize + 4;
  const memory = new Uint8Array(stride * blocks);
  let ready = 0;
  let filled = 0;
  let lastLength = blksize;
  let ended = false;

  function slot(absolute: number): number {
    return ((absolute - 1) % blocks) * stride;
  }

  return {
    hasRoom: (acked) => !ended && ready - acked < blocks,
    space() {
      const at = slot(ready + 1) + 4;
      return memory.subarray(at + filled, at + blksize);
    },
    fill(count) {
      filled += count;
      if (filled < blksize) return;
      ready++;
      filled = 0;
    },
    end() {
      ended = true;
      ready++;
      lastLength = filled;
    },
    ready: () => ready,
    ended: () => ended,
    packets(first, count) {
      const at = slot(first);
      const run = Math.min(count, blocks - at / stride);
      const short = ended && first + run - 1 === ready ? blksize - lastLength : 0;
      return { bytes: memory.subarray(at, at + run * stride - short), count: run };
    },
    number: (absolute, block16) => putDataHeader(memory, slot(absolute), block16),
  };
}
