import { expect, test } from 'vitest';
import { factsOf } from '../../src/app/file-operations.ts';

test.each([
  ['an aeon from now', 99_999_999_999_999_000, '9999-12-31T23:59:59.999Z'],
  ['before 1970', -1, '1970-01-01T00:00:00.000Z'],
  ['of today', Date.UTC(2026, 10, 20), '2026-11-20T00:00:00.000Z'],
])('factsOf() can say when a file was changed: %s', (_, modifiedMs, modified) => {
  expect(factsOf({ path: 'a', kind: 'file', sizeBytes: 1, modifiedMs })).toEqual({
    ...{ path: 'a', kind: 'file', sizeBytes: 1, modified },
  });
});
