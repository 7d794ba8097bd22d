import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, latin1Decode, latin1Encode } from '../../src/lib/bytes.ts';
import { createNetasciiDecoder } from '../../src/tftp/netascii.ts';
import { createNetasciiSource } from '../../src/tftp/netascii-source.ts';

const text = fc
  .array(fc.constantFrom('\r', '\n', '\0', 'a', 'b', '\xff'), { maxLength: 200 })
  .map((parts) => latin1Encode(parts.join('')));

/** The definition, for a whole text at once. */
function toWire(file: Uint8Array): Uint8Array {
  return latin1Encode(latin1Decode(file).replace(/[\r\n]/g, (c) => (c === '\n' ? '\r\n' : '\r\0')));
}

function sourceOf(file: Uint8Array, terms: { blksize: number; windowsize: number }, step = file.length + 1) {
  return createNetasciiSource((offset, into) => {
    const part = file.subarray(offset, offset + Math.min(step, into.length));
    into.set(part);
    return part.length;
  }, terms);
}

/** All blocks, asked for one at a time as a lock-step transfer does. */
function blocksOf(file: Uint8Array, blksize: number, step?: number): Uint8Array[] {
  const source = sourceOf(file, { blksize, windowsize: 1 }, step);
  const blocks: Uint8Array[] = [];
  for (let number = 1; source.lastBlockBy(number) >= number; number++) {
    blocks.push(source.block(number).slice());
    if (source.lastBlockBy(number) === number) break;
  }
  return blocks;
}

describe('createNetasciiSource() (netascii: pTFTPd defect 9)', () => {
  test.each([
    { file: 'a\nb', wire: 'a\r\nb' },
    { file: 'a\rb', wire: 'a\r\0b' }, // dnsmasq sends a bare CR
    { file: '\r\n', wire: '\r\0\r\n' },
    { file: '', wire: '' },
    { file: '\xe4\0', wire: '\xe4\0' },
  ])('sends $file as $wire', ({ file, wire }) => {
    expect(latin1Decode(concatBytes(blocksOf(latin1Encode(file), 512)))).toBe(wire);
  });

  test('fills blocks of the converted text, pairs split over edges, whatever the reads give', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 7 }),
        (file, blksize, step) => {
          const blocks = blocksOf(file, blksize, step);
          expect(concatBytes(blocks)).toEqual(toWire(file));
          expect(blocks.slice(0, -1).every((block) => block.length === blksize)).toBe(true);
          expect(blocks.at(-1)!.length).toBeLessThan(blksize);
        },
      ),
    );
  });

  test('keeps a window, and only that', () => {
    const source = sourceOf(latin1Encode('0123456789'), { blksize: 2, windowsize: 2 });
    expect(source.lastBlockBy(2)).toBe(Number.POSITIVE_INFINITY);
    expect(latin1Decode(source.block(1))).toBe('01');
    expect(source.lastBlockBy(3)).toBe(Number.POSITIVE_INFINITY);
    expect(latin1Decode(source.block(2))).toBe('23');
    expect(latin1Decode(source.block(3))).toBe('45');
    expect(() => source.block(1)).toThrow(RangeError);
    expect(() => source.block(4)).toThrow(RangeError);
    expect(source.lastBlockBy(4)).toBe(Number.POSITIVE_INFINITY);
    expect(source.lastBlockBy(6)).toBe(6);
    expect(source.bytesUpTo(5)).toBe(10);
    expect(source.bytesUpTo(6)).toBe(10);
  });

  test('takes no memory for a window before its blocks are asked for', () => {
    const before = process.memoryUsage().arrayBuffers;
    const source = sourceOf(latin1Encode('0123456789'), { blksize: 65_464, windowsize: 4096 });
    expect(source.lastBlockBy(1)).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test('says so when the file cannot be read', () => {
    let reads = 0;
    const source = createNetasciiSource((_offset, into) => (reads++ === 0 ? into.length : -1), {
      blksize: 4000,
      windowsize: 1,
    });
    expect(source.lastBlockBy(1)).toBe(Number.POSITIVE_INFINITY);
    expect(source.lastBlockBy(2)).toBe(-1);
  });
});

describe('createNetasciiDecoder()', () => {
  test('undoes what the source does, however it is cut', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (file, blksize) => {
        const decoder = createNetasciiDecoder(blksize);
        const blocks = blocksOf(file, blksize);
        const out = blocks.map((block, i) => decoder.convert(block, i === blocks.length - 1).slice());
        expect(concatBytes(out)).toEqual(file);
      }),
    );
  });

  test.each([
    { chunks: ['a\r', '\nb'], text: 'a\nb' },
    { chunks: ['a\r', '\0b'], text: 'a\rb' },
    { chunks: ['a\r', 'b'], text: 'a\rb' },
    { chunks: ['a\r\r', '\n'], text: 'a\r\n' },
    { chunks: ['a\r'], text: 'a\r' },
    { chunks: ['a\n\0b'], text: 'a\n\0b' },
  ])('reads $chunks as $text', ({ chunks, text: want }) => {
    const decoder = createNetasciiDecoder(8);
    const out = chunks.map((chunk, i) =>
      latin1Decode(decoder.convert(latin1Encode(chunk), i === chunks.length - 1)),
    );
    expect(out.join('')).toBe(want);
  });
});
