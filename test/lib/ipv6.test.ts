import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIpv6, type Ipv6, isLinkLocal, isMulticast6, parseIpv6 } from '../../src/lib/ipv6.ts';

test.each<[string, Ipv6]>([
  ['::', [0, 0, 0, 0]],
  ['::1', [0, 0, 0, 1]],
  ['2001:db8::1', [0x20010db8, 0, 0, 1]],
  ['fe80::5054:ff:fe12:3456', [0xfe800000, 0, 0x505400ff, 0xfe123456]],
  // RFC 5952 §4.2: the longest run, the first of equal ones, never a single group.
  ['2001:0:0:1::1', [0x20010000, 0x00000001, 0, 1]],
  ['2001:db8::1:0:0:1', [0x20010db8, 0, 0x00010000, 1]],
  ['2001:db8:0:1:1:1:1:1', [0x20010db8, 0x00000001, 0x00010001, 0x00010001]],
  ['1::', [0x00010000, 0, 0, 0]],
])('formatIpv6() and parseIpv6() of %s', (text, words) => {
  expect(formatIpv6(words)).toBe(text);
  expect(parseIpv6(text)).toEqual(words);
});

test.each([
  '',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  'g::',
  '::1%eth0',
  '1:2:3:4::5:6:7:8',
])('parseIpv6() refuses "%s"', (text) => expect(parseIpv6(text)).toBeUndefined());

test('parseIpv6() takes capitals and leading zeros', () => {
  expect(parseIpv6('2001:0DB8:0000::000A')).toEqual([0x20010db8, 0, 0, 10]);
});

test('formatIpv6() and parseIpv6() are each other’s way back', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x10000), fc.integer({ min: 0, max: 0xffff_ffff }));
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), (words) => {
      const text = formatIpv6(words);
      expect(isIPv6(text)).toBe(true);
      expect(parseIpv6(text)).toEqual(words);
    }),
  );
});

test('parseIpv6() takes nothing that node:net does not', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f:]{0,24}$/), (text) => {
      if (parseIpv6(text)) expect(isIPv6(text)).toBe(true);
    }),
  );
});

test('isLinkLocal() and isMulticast6() go by the first bits', () => {
  const of = (text: string) => parseIpv6(text)!;
  expect([of('fe80::1'), of('febf::1'), of('fec0::1'), of('2001:db8::1')].map(isLinkLocal)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([of('ff02::1'), of('fe80::1')].map(isMulticast6)).toEqual([true, false]);
});
