/**
 * netascii (RFC 1350 §1: ASCII as Telnet modifies it). To the wire LF becomes CR LF and CR becomes CR NUL; all other
 * octets pass, those above 127 too. A pair may be split over two chunks or two blocks: the converters remember.
 */

const CR = 13;
const LF = 10;
const NUL = 0;

/** Turns file octets into wire octets, chunk by chunk. */
export type NetasciiEncoder = {
  /**
   * Converts `from` from `at` on into `into`, until either ends. Returns how many octets of `from` were used;
   * `written()` says how many were laid.
   */
  convert(from: Uint8Array, at: number, into: Uint8Array): number;
  written(): number;
  /** The second octet of a pair did not fit and opens the next chunk. */
  pending(): boolean;
};

export function createNetasciiEncoder(): NetasciiEncoder {
  let second = -1;
  let written = 0;
  return {
    convert(from, at, into) {
      let read = at;
      written = 0;
      while (written < into.length) {
        if (second >= 0) {
          into[written++] = second;
          second = -1;
        } else if (read < from.length) {
          const octet = from[read++]!;
          into[written++] = octet === LF ? CR : octet;
          if (octet === LF) second = LF;
          else if (octet === CR) second = NUL;
        } else break;
      }
      return read - at;
    },
    written: () => written,
    pending: () => second >= 0,
  };
}

/** Turns wire octets into file octets: CR LF becomes LF, CR NUL becomes CR, CR before anything else stays. */
export type NetasciiDecoder = {
  /** Converts a chunk; the result is borrowed until the next call. `end`: no chunk follows, a lone CR is written. */
  convert(chunk: Uint8Array, end: boolean): Uint8Array;
};

/** `chunkMax`: the longest chunk that comes. */
export function createNetasciiDecoder(chunkMax: number): NetasciiDecoder {
  const out = new Uint8Array(chunkMax + 1);
  let afterCr = false;
  return {
    convert(chunk, end) {
      let length = 0;
      for (let i = 0; i < chunk.length; i++) {
        const octet = chunk[i]!;
        if (afterCr && octet !== LF) out[length++] = CR;
        if (!(afterCr && octet === NUL) && octet !== CR) out[length++] = octet;
        afterCr = octet === CR;
      }
      if (end && afterCr) out[length++] = CR;
      return out.subarray(0, length);
    },
  };
}
