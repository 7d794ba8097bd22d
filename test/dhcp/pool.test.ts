import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPool } from '../../src/dhcp/pool.ts';

const range = fc
  .tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -3, max: 60 }))
  .map(([first, length]) => ({ first, last: first + length }));

test('createPool() holds what is in a range and in no exception, each once, in order', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (ranges, except) => {
      const isIn = (list: typeof ranges, ip: number) =>
        list.some(({ first, last }) => first <= ip && ip <= last);
      const expected = Array.from({ length: 400 }, (_, ip) => ip).filter(
        (ip) => isIn(ranges, ip) && !isIn(except, ip),
      );
      const pool = createPool(ranges, except);
      expect(Array.from({ length: pool.size }, (_, index) => pool.at(index))).toEqual(expected);
      expect(Array.from({ length: 400 }, (_, ip) => ip).filter((ip) => pool.has(ip))).toEqual(expected);
    }),
  );
});

test('createPool() of a whole /8 costs nothing by the address', () => {
  const pool = createPool(
    [{ first: 0x0a000001, last: 0x0afffffe }],
    [{ first: 0x0a010000, last: 0x0a01ffff }],
  );
  expect(pool.size).toBe(2 ** 24 - 2 - 65_536);
  expect(pool.at(pool.size - 1)).toBe(0x0afffffe);
});
