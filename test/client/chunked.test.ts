import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChunkedBody } from '../../src/client/chunked.ts';
import { concatBytes, latin1Decode, latin1Encode } from '../../src/lib/bytes.ts';

/** What comes of these octets, given in these parts. */
function read(parts: readonly Uint8Array[]): { state: string; content: string } {
  const content: Uint8Array[] = [];
  const body = createChunkedBody((bytes) => void content.push(bytes.slice()));
  for (const part of parts) body.take(part);
  return { state: body.state(), content: latin1Decode(concatBytes(content)) };
}

/** `bytes` cut at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const PLACES = fc.array(fc.nat(2000), { maxLength: 12 });

describe('createChunkedBody()', () => {
  test.each([
    ['two chunks', '5\r\nhello\r\nB\r\n, chunks\r\n!\r\n0\r\n\r\n', 'whole', 'hello, chunks\r\n!'],
    ['an empty body', '0\r\n\r\n', 'whole', ''],
    ['extensions and a trailer', '2 ;a="b"\r\nhi\r\n000\r\nX: y\r\n\r\n', 'whole', 'hi'],
    ['lines that end with LF alone', '2\nhi\n0\n\n', 'whole', 'hi'],
    ['what comes after the end', '0\r\n\r\nmore', 'whole', ''],
    ['a cut size', '2\r\nhi\r\n1', 'open', 'hi'],
    ['a cut chunk', '5\r\nhel', 'open', 'hel'],
    ['no last chunk', '2\r\nhi\r\n', 'open', 'hi'],
    ['a cut trailer', '2\r\nhi\r\n0\r\n', 'open', 'hi'],
    ['a size that is none', '5x\r\nhello', 'broken', ''],
    ['no size', '\r\nhello', 'broken', ''],
    ['a chunk longer than its size', '2\r\nhello\r\n', 'broken', 'he'],
    ['a size beyond any file', '1000000000000\r\nx', 'broken', ''],
    ['a line without an end', '1'.repeat(5000), 'broken', ''],
  ])('of %s', (_, text, state, content) => {
    expect(read([latin1Encode(text)])).toEqual({ state, content });
  });

  test('gives back what was sent, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 })), PLACES, (chunks, places) => {
        const sent = chunks.flatMap((chunk) => [
          latin1Encode(`${chunk.length.toString(16)}\r\n`),
          chunk,
          latin1Encode('\r\n'),
        ]);
        const bytes = concatBytes([...sent, latin1Encode('0\r\n\r\n')]);
        const content = latin1Decode(concatBytes(chunks));
        expect(read(cut(bytes, places))).toEqual({ state: 'whole', content });
      }),
    );
  });

  test('makes the same of any octets, however they are cut', () => {
    const words = fc.constantFrom('2', 'hi', '\r\n', '\n', '0', ';', 'A: b', '\0', '2\r\nhi\r\n', '\r');
    fc.assert(
      fc.property(fc.array(words), PLACES, (said, places) => {
        const bytes = latin1Encode(said.join(''));
        expect(read(cut(bytes, places))).toEqual(read([bytes]));
      }),
    );
  });
});
