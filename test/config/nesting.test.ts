import { expect, test } from 'vitest';
import { changesOf } from '../../src/app/config-changes.ts';
import { dataOf, editText } from '../../src/config/edit.ts';
import { loadConfig } from '../../src/config/load.ts';
import { isTooDeep, whyTooDeep } from '../../src/config/nesting.ts';

const MESSAGE = 'nested more than 1000 deep';

test.each([
  ['brackets', '['.repeat(3_000_000)],
  ['braces', '{'.repeat(3_000_000)],
  ['lists in lists', '- '.repeat(1_500_000)],
  ['keys of keys', '?  '.repeat(1_000_000)],
])('a configuration of %s alone is not read', (_, text) => {
  expect(loadConfig(text, { file: 'pxed.yaml', archNames: [] })).toEqual({
    ok: false,
    problems: [{ file: 'pxed.yaml', line: 1, path: '', message: MESSAGE }],
  });
  expect(dataOf(text)).toBeUndefined();
  expect(editText(text, [{ path: ['mode'], value: 'auto' }])).toEqual({ ok: false, message: MESSAGE });
});

test.each([
  ['a long list', `version: 1\noptions: [${'[1], '.repeat(100_000)}]`],
  ['a rule', `version: 1\n# ${'-'.repeat(5000)}`],
  ['closed ones first', ']'.repeat(5000)],
  ['a few', '['.repeat(1000)],
])('whyTooDeep() has nothing against %s', (_, text) => {
  expect(whyTooDeep(text)).toBeUndefined();
});

test('changesOf() takes no value that is nested too deep', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = i % 2 ? [deep] : { deep };
  expect(isTooDeep(deep)).toBe(true);
  expect(isTooDeep({ a: [{ b: [1, null, 'x'] }] })).toBe(false);
  expect(() => changesOf({ set: { options: deep } })).toThrow(
    expect.objectContaining({ status: 400, code: 'too-deep' }),
  );
});
