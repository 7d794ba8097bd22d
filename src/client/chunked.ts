/**
 * The body of a response that comes in chunks (RFC 9112 §7.1), without I/O: octets go in as they come, those of the file come out.
 *
 *     size     --a size in hexadecimal-->  content; of 0: trailer
 *     content  --as many octets-->         gap
 *     gap      --an empty line-->          size
 *     trailer  --an empty line-->          whole; any other line is a field nobody needs
 *     any      --what does not fit-->      broken
 */
import { latin1Decode } from '../lib/bytes.ts';

export type ChunkedBody = {
  /** What comes after the last chunk, or after what does not fit, is passed over. */
  take(bytes: Uint8Array): void;
  /** `open`: the last chunk has not come yet. */
  state(): 'open' | 'whole' | 'broken';
};

/** Longer sizes with their extensions, and longer fields, are nobody's. */
const LONGEST_LINE = 4096;
const LINE_FEED = 0x0a;

/** `onContent` is given what is in the chunks, in order; borrowed. */
export function createChunkedBody(onContent: (bytes: Uint8Array) => void): ChunkedBody {
  let expects: 'size' | 'content' | 'gap' | 'trailer' | 'whole' | 'broken' = 'size';
  let left = 0;
  let line = '';

  /** Takes what belongs to the chunk; says how many octets that was. */
  function takeContent(bytes: Uint8Array): number {
    const part = bytes.subarray(0, left);
    left -= part.length;
    if (left === 0) expects = 'gap';
    onContent(part);
    return part.length;
  }

  /** Takes the rest of a line, or as much of it as there is. */
  function takeLine(bytes: Uint8Array): number {
    const end = bytes.indexOf(LINE_FEED);
    const length = end < 0 ? bytes.length : end + 1;
    if (line.length + length > LONGEST_LINE) {
      expects = 'broken';
      return length;
    }
    line += latin1Decode(bytes.subarray(0, length));
    if (end < 0) return length;
    const text = line.replace(/\r?\n$/, '');
    line = '';
    if (expects === 'size') beginChunk(text);
    else if (text === '') expects = expects === 'gap' ? 'size' : 'whole';
    else if (expects === 'gap') expects = 'broken';
    return length;
  }

  function beginChunk(text: string): void {
    const [, size] = /^([\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(text) ?? [];
    left = Number.parseInt(size ?? '0', 16);
    if (size === undefined) expects = 'broken';
    else expects = left === 0 ? 'trailer' : 'content';
  }

  return {
    take(bytes) {
      for (let at = 0; at < bytes.length && expects !== 'whole' && expects !== 'broken'; ) {
        const rest = bytes.subarray(at);
        at += expects === 'content' ? takeContent(rest) : takeLine(rest);
      }
    },
    state: () => (expects === 'whole' || expects === 'broken' ? expects : 'open'),
  };
}
