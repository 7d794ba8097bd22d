import { expect, test } from 'vitest';
import { plural } from '../../src/lib/plural.ts';

test.each([
  [0, '0 names'],
  [1, '1 name'],
  [2, '2 names'],
])('plural() of %d is %j', (count, words) => {
  expect(plural(count, 'name')).toBe(words);
});
