import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless, harmlessLines } from '../../src/lib/harmless.ts';
import { anyLetter } from '../rig/any-letter.ts';

test.each([
  ['a title', '\u001b]0;evil\u0007', '?]0;evil?'],
  ['C1', 'a\u009b2Jb', 'a?2Jb'],
  ['a line', 'a\nb\r\tc', 'a?b??c'],
  ['a line of Unicode', 'a\u2028b', 'a?b'],
  ['the other direction', 'gpj.\u202eexe', 'gpj.?exe'],
  ['words', 'größer 文件 🙂', 'größer 文件 🙂'],
])('harmless() leaves nothing that a terminal acts on: %s', (_, text, want) => {
  expect(harmless(text)).toBe(want);
});

test('harmlessLines() leaves line feeds, and is else the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyLetter }), (text) => {
      expect(harmlessLines(text)).toBe(text.split('\n').map(harmless).join('\n'));
    }),
  );
});
