import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, INFINITE_SECONDS, parseDuration } from '../../src/lib/duration.ts';
import { nearNames } from '../../src/lib/near.ts';
import { formatBytes, parseSize } from '../../src/lib/size.ts';

test.each([
  ['90', 90],
  ['90s', 90],
  ['5m', 300],
  ['12h', 43_200],
  ['7d', 604_800],
  ['infinite', INFINITE_SECONDS],
])('parseDuration(%j) gives %i seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

test.each(['', '-1', '1.5h', '12 h', '1y', 'h', '4294967295', '9999999w'])(
  'parseDuration() refuses %j',
  (text) => expect(parseDuration(text)).toBeUndefined(),
);

test('formatDuration() is read back by parseDuration()', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: INFINITE_SECONDS }), (seconds) => {
      expect(parseDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
  expect(formatDuration(43_200)).toBe('12h');
});

test.each([
  ['4096', 4096],
  ['512k', 524_288],
  ['100M', 104_857_600],
  ['4G', 4_294_967_296],
])('parseSize(%j) gives %i', (text, bytes) => expect(parseSize(text)).toBe(bytes));

test.each(['', '1.5M', '-1', 'M', '1MB'])('parseSize() refuses %j', (text) =>
  expect(parseSize(text)).toBeUndefined(),
);

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [42_988, '43 kB'],
  [1_500_000, '1.5 MB'],
])('formatBytes(%i) is %j', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test('nearNames() finds the file that was meant', () => {
  const names = ['pxelinux.0', 'lpxelinux.0', 'vmlinuz', 'boot.ipxe'];
  expect(nearNames('pxelinus.0', names)).toEqual(['pxelinux.0', 'lpxelinux.0']);
  expect(nearNames('pxelinux.O', names)[0]).toBe('pxelinux.0');
  expect(nearNames('zzz', names)).toEqual([]);
});
