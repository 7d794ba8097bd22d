import { expect, test } from 'vitest';
import { isJournal } from '../../src/app/journal.ts';

const stat = () => ({ dev: 9n, ino: 1234n });

test.each([
  { name: 'the journal', env: { JOURNAL_STREAM: '9:1234' }, want: true },
  { name: 'a pipe of a shell below it', env: { JOURNAL_STREAM: '9:1235' }, want: false },
  { name: 'no service', env: {}, want: false },
  { name: 'nonsense', env: { JOURNAL_STREAM: 'x' }, want: false },
])('isJournal() tells $name', ({ env, want }) => {
  expect(isJournal(1, env, stat)).toBe(want);
});

test('isJournal() is false for what is closed', () => {
  expect(isJournal(1, { JOURNAL_STREAM: '9:1234' }, () => undefined)).toBe(false);
  expect(isJournal(9999, { JOURNAL_STREAM: '9:1234' })).toBe(false);
});
