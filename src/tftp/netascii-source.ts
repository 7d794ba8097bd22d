import { createNetasciiEncoder } from './netascii.ts';
import type { BlockSource } from './session.ts';

/** Reads file octets at `offset` into `into`: how many, 0 at the end, -1 when the file cannot be read. */
export type ReadAt = (offset: number, into: Uint8Array) => number;

/** A netascii file as blocks of the wire. */
export type NetasciiSource = BlockSource & {
  /** The octets of a block of the current window: borrowed until its block is acknowledged. */
  block(number: number): Uint8Array;
};

type Slot = { readonly bytes: Uint8Array; length: number };

const CHUNK = 4096;

/**
 * Converts a file while it is sent. Where a block begins in the file is known only after converting all before it, so
 * the blocks of one window are kept (a ring of `windowsize` buffers) for as long as they may have to be sent again;
 * memory does not grow with the file.
 */
export function createNetasciiSource(
  readAt: ReadAt,
  terms: { readonly blksize: number; readonly windowsize: number },
): NetasciiSource {
  const { blksize, windowsize } = terms;
  // Filled as blocks are asked for: a forged request for a wide window, whose OACK nobody acknowledges, costs no memory.
  const ring: Slot[] = [];
  const slotOf = (number: number): Slot =>
    (ring[number % windowsize] ??= { bytes: new Uint8Array(blksize), length: 0 });
  const encoder = createNetasciiEncoder();
  const chunk = new Uint8Array(CHUNK);
  let chunkLength = 0;
  let chunkUsed = 0;
  let offset = 0;
  let converted = 0;
  let last = Number.POSITIVE_INFINITY;

  /** Octets laid into `into`; less than its length at the end of the file; -1 when it cannot be read. */
  function fill(into: Uint8Array): number {
    let filled = 0;
    while (filled < into.length) {
      if (chunkUsed === chunkLength && !encoder.pending()) {
        chunkLength = readAt(offset, chunk);
        chunkUsed = 0;
        if (chunkLength <= 0) break;
        offset += chunkLength;
      }
      chunkUsed += encoder.convert(chunk.subarray(0, chunkLength), chunkUsed, into.subarray(filled));
      filled += encoder.written();
    }
    if (chunkLength >= 0) return filled;
    chunkLength = chunkUsed = 0;
    return -1;
  }

  return {
    lastBlockBy(upTo) {
      while (converted < upTo && last === Number.POSITIVE_INFINITY) {
        const slot = slotOf(converted + 1);
        slot.length = fill(slot.bytes);
        if (slot.length < 0) return -1;
        converted++;
        if (slot.length < blksize) last = converted;
      }
      return last;
    },
    bytesUpTo: (block) => (block < last ? block * blksize : (last - 1) * blksize + slotOf(last).length),
    block(number) {
      if (number <= converted - windowsize || number > converted) {
        throw new RangeError(`Cannot give block ${number}: the window ends with ${converted}`);
      }
      const slot = slotOf(number);
      return slot.bytes.subarray(0, slot.length);
    },
  };
}
