import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestedPart } from '../../src/http/ranges.ts';

type Want = ReturnType<typeof requestedPart>;

test.each<[header: string, want: Want]>([
  ['bytes=0-499', { first: 0, last: 499 }],
  ['bytes=500-999', { first: 500, last: 999 }],
  ['bytes=999-', { first: 999, last: 999 }],
  ['bytes=0-', { first: 0, last: 999 }],
  ['bytes=-500', { first: 500, last: 999 }],
  ['bytes=-5000', { first: 0, last: 999 }],
  ['bytes=0-5000', { first: 0, last: 999 }],
  ['BYTES = 1-2', { first: 1, last: 2 }],
  ['bytes=, 1-2 ,', { first: 1, last: 2 }],
  ['bytes=0-99999999999999999999999999', { first: 0, last: 999 }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=1000-1001', 'unsatisfiable'],
  [`bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=0-0,5-9', 'whole'],
  ['bytes=5-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=1-2-3', 'whole'],
  ['bytes=+1-2', 'whole'],
  ['bytes=0x1-2', 'whole'],
  ['bytes 0-499', 'whole'],
  ['lines=0-499', 'whole'],
  ['', 'whole'],
])('requestedPart(%j) of 1000 octets', (header, want) => {
  expect(requestedPart(header, 1000)).toEqual(want);
});

test.each(['bytes=0-', 'bytes=-1', 'bytes=5-9'])(
  'requestedPart(%j) of an empty file is all of it',
  (header) => {
    expect(requestedPart(header, 0)).toBe('whole');
  },
);

test('requestedPart() gives parts that lie within the file, whatever is asked', () => {
  const digits = fc.oneof(
    fc.nat().map(String),
    fc.constantFrom('', '0', '18446744073709551616', '1e3', ' 1'),
  );
  const header = fc.oneof(
    fc.tuple(digits, digits).map(([from, to]) => `bytes=${from}-${to}`),
    fc.string(),
    fc.string().map((text) => `bytes=${text}`),
  );
  fc.assert(
    fc.property(header, fc.nat(2 ** 40), (text, size) => {
      const part = requestedPart(text, size);
      if (typeof part === 'string') return;
      expect(Number.isSafeInteger(part.first) && Number.isSafeInteger(part.last)).toBe(true);
      expect(part.first >= 0 && part.first <= part.last && part.last < size).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
