import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual, concatBytes, fromHex, latin1Decode, latin1Encode, toHex } from '../../src/lib/bytes.ts';
import { formatMac, macBytes, parseMac } from '../../src/lib/mac.ts';

test('hex and latin1 survive a round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
      expect(fromHex(toHex(bytes, ':'))).toEqual(bytes);
      expect(latin1Encode(latin1Decode(bytes))).toEqual(bytes);
    }),
  );
});

test.each(['a', 'zz', '0x00'])('fromHex() throws TypeError for %j', (text) => {
  expect(() => fromHex(text)).toThrow(TypeError);
});

test('latin1Encode() throws RangeError beyond one octet', () => {
  expect(() => latin1Encode('naïve ☃')).toThrow(RangeError);
});

test('bytesEqual() compares content and length', () => {
  expect(bytesEqual(fromHex('0102'), fromHex('0102'))).toBe(true);
  expect(bytesEqual(fromHex('0102'), fromHex('0103'))).toBe(false);
  expect(bytesEqual(fromHex('0102'), fromHex('010203'))).toBe(false);
});

test('concatBytes() keeps order', () => {
  expect(toHex(concatBytes([fromHex('01'), fromHex(''), fromHex('0203')]))).toBe('010203');
});

test.each([
  ['52:54:00:AB:cd:01', '52:54:00:ab:cd:01'],
  ['52-54-00-ab-cd-01', '52:54:00:ab:cd:01'],
])('parseMac(%j)', (text, mac) => {
  expect(parseMac(text)).toBe(mac);
  expect(formatMac(macBytes(mac))).toBe(mac);
});

test.each(['', '52:54:00:ab:cd', '52:54:00:ab:cd:01:02', '525400abcd01', '52:54:00:ab:cd:0g'])(
  'parseMac() refuses %j',
  (text) => expect(parseMac(text)).toBeUndefined(),
);
