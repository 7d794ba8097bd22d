import { expect, test } from 'vitest';
import { usualOption } from '../../src/dhcp/usual-option.ts';
import { type Options, readOption, writeOption } from '../../src/dhcp-packet/index.ts';

test('usualOption() writes what writeOption() writes, however many values there are', () => {
  const writeLeaseTime = usualOption('lease-time');
  for (const seconds of [60, 3600, 60, ...Array.from({ length: 200 }, (_, i) => i + 1), 60]) {
    const options: Options = new Map();
    writeLeaseTime(options, seconds);
    expect(readOption(options, 'lease-time')).toBe(seconds);
  }
});

test('usualOption() makes the octets of a value once', () => {
  const writeRouters = usualOption('routers');
  const routers = [0x0a00_0001, 0x0a00_0002];
  const [one, two, plain]: Options[] = [new Map(), new Map(), new Map()];
  writeRouters(one!, routers);
  writeRouters(two!, routers);
  writeOption(plain!, 'routers', routers);
  expect(two!.get(3)).toBe(one!.get(3));
  expect(two).toEqual(plain);
});

test('usualOption() refuses what writeOption() refuses, and keeps none of it', () => {
  const writeMask = usualOption('subnet-mask');
  const options: Options = new Map();
  expect(() => writeMask(options, 2 ** 32)).toThrow(RangeError);
  expect(options.size).toBe(0);
});
