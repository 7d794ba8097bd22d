import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../src/lib/bytes.ts';
import { formatMac, macBytes, macNumber, parseMac } from '../../src/lib/mac.ts';

test('formatMac() writes six octets as it writes any number of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) => {
      expect(formatMac(bytes)).toBe(toHex(bytes, ':'));
      expect(macBytes(formatMac(bytes))).toEqual(bytes);
    }),
  );
});

test('macNumber() is another for each address of six octets, and none for others', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const number = bytes.reduce((sum, octet) => sum * 256 + octet, 0);
      expect(macNumber(formatMac(bytes))).toBe(number);
    }),
  );
  expect(macNumber('')).toBeUndefined();
  expect(macNumber('02:00:00:00:00:00:01')).toBeUndefined();
});

test('parseMac() takes either separator and either case, and nothing else', () => {
  expect(parseMac('52-54-00-AB-cd-ef')).toBe('52:54:00:ab:cd:ef');
  for (const text of ['', '52:54:00:ab:cd', '525400abcdef', '52:54:00:ab:cd:eg', ' 52:54:00:ab:cd:ef']) {
    expect(parseMac(text)).toBeUndefined();
  }
});
