import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planDhcp } from '../../src/dhcp/plan.ts';
import { createPool } from '../../src/dhcp/pool.ts';
import { DEFAULT_SETTINGS, networkOfLink } from '../../src/dhcp/settings.ts';
import { ETH0, SERVER } from './world.ts';

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

test('createPool() holds the lowest of too many addresses', () => {
  const ranges = [
    { first: 1, last: 10 },
    { first: 20, last: 29 },
    { first: 40, last: 49 },
  ];
  const addresses = (most: number) => {
    const pool = createPool(ranges, [{ first: 5, last: 5 }], most);
    return Array.from({ length: pool.size }, (_, index) => pool.at(index));
  };
  expect(addresses(3)).toEqual([1, 2, 3]);
  expect(addresses(9)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
  expect(addresses(11)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10, 20, 21]);
  expect(addresses(0)).toEqual([]);
});

test('planDhcp() of a whole /8 hands out no more addresses than there is memory for their records', () => {
  const link = { ...ETH0, addresses: [{ ip: SERVER, length: 8 }] };
  const bootp = { ...DEFAULT_SETTINGS.bootp, ranges: 'network' } as const;
  const settings = { ...DEFAULT_SETTINGS, bootp, networks: [networkOfLink(link)] };
  const [network] = planDhcp(settings, [link]).networks;
  expect(network!.pool.size).toBe(2 ** 18);
  expect(network!.bootpPool.size).toBe(2 ** 18);
});
