import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  broadcastOf,
  contains,
  formatIpv4,
  formatSubnet,
  hexIpv4,
  lengthOfMask,
  maskOf,
  parseIpv4,
  parseSubnet,
  subnetOf,
} from '../../src/lib/ipv4.ts';

const address = fc.integer({ min: 0, max: 0xffff_ffff });

test('parseIpv4() reads back what formatIpv4() wrote', () => {
  fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '256.0.0.1',
  '01.2.3.4',
  '1.2.3.4 ',
  '-1.2.3.4',
  'a.b.c.d',
  '1.2.3.1e1',
])('parseIpv4() refuses %j', (text) => expect(parseIpv4(text)).toBeUndefined());

test('hexIpv4() names a client as pxelinux does', () => {
  expect(hexIpv4(parseIpv4('192.168.2.91')!)).toBe('C0A8025B');
  expect(hexIpv4(parseIpv4('10.0.0.1')!)).toBe('0A000001');
});

test.each([
  [0, 0],
  [8, 0xff00_0000],
  [24, 0xffff_ff00],
  [32, 0xffff_ffff],
])('maskOf(%i) and lengthOfMask() agree', (length, mask) => {
  expect(maskOf(length)).toBe(mask);
  expect(lengthOfMask(mask)).toBe(length);
});

test('lengthOfMask() refuses a mask with a hole', () => {
  expect(lengthOfMask(0xff00_ff00)).toBeUndefined();
});

test('maskOf() throws RangeError outside 0 to 32', () => {
  expect(() => maskOf(33)).toThrow(RangeError);
  expect(() => maskOf(-1)).toThrow(RangeError);
});

test('subnetOf() contains its address, network and broadcast', () => {
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 32 }), (value, length) => {
      const subnet = subnetOf(value, length);
      expect(contains(subnet, value)).toBe(true);
      expect(contains(subnet, subnet.network)).toBe(true);
      expect(contains(subnet, broadcastOf(subnet))).toBe(true);
      expect(parseSubnet(formatSubnet(subnet))).toEqual(subnet);
    }),
  );
});

test.each(['10.0.0.1/24', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/24/1', 'x/24'])(
  'parseSubnet() refuses %j',
  (text) => expect(parseSubnet(text)).toBeUndefined(),
);
