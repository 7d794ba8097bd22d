import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastWord, quoteWord, splitLine } from '../../../src/cli/ptftp-shell/words.ts';
import { anyLetter } from '../../rig/any-letter.ts';

describe('splitLine()', () => {
  test.each([
    ['', []],
    ['   \t ', []],
    ['get a b', ['get', 'a', 'b']],
    ['  get\ta  ', ['get', 'a']],
    ['get "my file"', ['get', 'my file']],
    ['get \'my "file"\'', ['get', 'my "file"']],
    ['get my\\ file', ['get', 'my file']],
    ['get a"b c"d', ['get', 'ab cd']],
    ["get ''", ['get', '']],
    ['get "a\\"b\\\\c\\d"', ['get', 'a"b\\c\\d']],
    ["get 'a\\'", ['get', 'a\\']],
    // Windows Deployment Services asks and is asked so.
    ['get \\boot\\x64\\bootmgfw.efi', ['get', '\\boot\\x64\\bootmgfw.efi']],
    ['get \\\\server\\x', ['get', '\\server\\x']],
    ['get a\\', ['get', 'a\\']],
    ['# get a', []],
    ['get #a', ['get', '#a']],
    ['get ä€', ['get', 'ä€']],
  ])('%j', (line, words) => {
    expect(splitLine(line)).toEqual({ ok: true, value: words });
  });

  test.each(['"', "get 'a", 'get "a\\"', `get "a'`])('%j has an open quote', (line) => {
    expect(splitLine(line)).toEqual({ ok: false, reason: 'open-quote' });
  });

  test('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyLetter }), (line) => {
        const words = splitLine(line);
        if (words.ok) expect(words.value.join('').length).toBeLessThanOrEqual(line.length);
        else expect(words.reason).toBe('open-quote');
      }),
    );
  });
});

describe('quoteWord()', () => {
  const word = fc.oneof(
    fc.string({ unit: anyLetter }),
    fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\\', '"', "'", '#', '\n') }),
  );

  test.each(['', "'", '"'] as const)('is undone by splitLine() with %j begun', (quote) => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const line = words.map((each) => quoteWord(each, quote)).join(' ');
        expect(splitLine(line)).toEqual({ ok: true, value: words });
      }),
    );
  });

  test.each([
    ['plain', '', 'plain'],
    ['my file', '', 'my\\ file'],
    ['my file', '"', '"my file"'],
    ['my file', "'", "'my file'"],
    ["don't", "'", "don\\'t"],
    ['', '', "''"],
  ] as const)('%j with %j begun is %j', (text, quote, typed) => {
    expect(quoteWord(text, quote)).toBe(typed);
  });
});

describe('lastWord()', () => {
  test.each([
    ['', { before: [], text: '', start: 0, quote: '' }],
    ['ge', { before: [], text: 'ge', start: 0, quote: '' }],
    ['get ', { before: ['get'], text: '', start: 4, quote: '' }],
    ['get my\\ f', { before: ['get'], text: 'my f', start: 4, quote: '' }],
    ['get "my f', { before: ['get'], text: 'my f', start: 4, quote: '"' }],
    ["get a 'b", { before: ['get', 'a'], text: 'b', start: 6, quote: "'" }],
    ['get "', { before: ['get'], text: '', start: 4, quote: '"' }],
  ])('%j', (line, word) => {
    expect(lastWord(line)).toEqual(word);
  });
});
