import { expect, test } from 'vitest';
import { formatCount, formatMany, formatSpan, formatWhen } from '../../src/ui/model/format.ts';

const NOW = new Date(2026, 10, 20, 14, 3, 9).getTime();

test.each([
  { at: new Date(2026, 10, 20, 7, 5, 1), text: '07:05:01' },
  { at: new Date(2026, 10, 19, 23, 59, 59), text: '19 Nov 23:59' },
  { at: new Date(2025, 11, 31, 0, 0), text: '31 Dec 2025 00:00' },
])('formatWhen() says $text', ({ at, text }) => {
  expect(formatWhen(at.getTime(), NOW)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [850.4, '850 ms'],
  [1000, '1.0 s'],
  [4240, '4.2 s'],
  [9990, '10 s'],
  [59_400, '59 s'],
  [59_900, '1 min'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [11_520_000, '3 h 12 min'],
  [439_200_000, '5 d 2 h'],
])('formatSpan(%d) is %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test('formatCount() and formatMany() say numbers as people write them', () => {
  expect(formatCount(12_345)).toBe('12,345');
  expect(formatMany(1, 'file')).toBe('1 file');
  expect(formatMany(1200, 'file')).toBe('1,200 files');
  expect(formatMany(2, 'boot of it', 'boots of it')).toBe('2 boots of it');
});
