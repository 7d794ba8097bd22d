import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts';

/** The example of RFC 9110 §5.6.7, in its three forms. */
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994',
  ' Sun, 06 Nov 1994 08:49:37 GMT ',
])('parseHttpDate(%j) is that moment', (text) => {
  expect(parseHttpDate(text)).toBe(EXAMPLE);
});

test('parseHttpDate() takes a two-digit year below 70 for one of this century', () => {
  expect(parseHttpDate('Friday, 20-Nov-26 00:00:00 GMT')).toBe(Date.UTC(2026, 10, 20));
});

test.each([
  '',
  'now',
  '784111777',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 CET',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nox 1994 08:49:37 GMT',
  'Sun, 31 Feb 1994 08:49:37 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:49:37 GMT',
  'Sun, 06 Nov 1994 08:60:37 GMT',
  '1994-11-06T08:49:37Z',
])('parseHttpDate(%j) is no date', (text) => {
  expect(parseHttpDate(text)).toBeUndefined();
});

test('parseHttpDate() reads what formatHttpDate() writes', () => {
  fc.assert(
    fc.property(fc.nat(253_402_300_799), (seconds) => {
      expect(parseHttpDate(formatHttpDate(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});

test('parseHttpDate() never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseHttpDate(text)));
});
