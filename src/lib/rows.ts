/** `length` numbers of one owner, from index `at` of `numbers`. */
export type Row = { readonly numbers: Float64Array; readonly at: number };

/** Where rows come from. */
export type Rows = { take(length: number): Row };

const CHUNK = 2048;

/**
 * Rows that lie side by side. V8 keeps each fractional number of an object in a place of its own, so what a thousand
 * transfers count and time is scattered over the memory, and each packet waits for it piece by piece.
 *
 * Nothing is given back: a chunk of 16 kB goes when the last owner of one of its rows does.
 */
export function createRows(chunk = CHUNK): Rows {
  let numbers = new Float64Array(0);
  let used = 0;
  return {
    take(length) {
      if (used + length > numbers.length) {
        numbers = new Float64Array(Math.max(chunk, length));
        used = 0;
      }
      const at = used;
      used += length;
      return { numbers, at };
    },
  };
}
