import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseGrub, type Script, type Word } from '../../src/client/grub-script.ts';
import { testWords } from '../../src/client/grub-test.ts';

/** Words as text, variables in brackets. */
const show = (word: Word) =>
  word.map((part) => (typeof part === 'string' ? part : `<${part.variable}>`)).join('');
const commands = (script: Script) =>
  script.map((one) => (one.kind === 'command' ? one.words.map(show) : one.kind));

describe('parseGrub()', () => {
  test('splits words at blanks, quotes and escapes, and knows variables', () => {
    const text = `set a="x $b y" # not here\necho 'single $c' \${d}e\\ f; boot\n# all of it`;
    expect(commands(parseGrub(text))).toEqual([
      ['set', 'a=x <b> y'],
      ['echo', 'single $c', '<d>e f'],
      ['boot'],
    ]);
  });

  test('joins a line that ends with a backslash', () => {
    expect(commands(parseGrub('linux /vmlinuz \\\n  quiet'))).toEqual([['linux', '/vmlinuz', 'quiet']]);
  });

  test('reads if, elif and else, in one line and in several', () => {
    const [one] = parseGrub('if [ "$x" = "y" ]; then a; elif b\nthen\n c\nelse d\nfi\nafter');
    expect(one).toMatchObject({ kind: 'if' });
    if (one?.kind !== 'if') return;
    expect(one.branches.map(({ test: asked, body }) => [commands(asked), commands(body)])).toEqual([
      [[['[', '<x>', '=', 'y', ']']], [['a']]],
      [[['b']], [['c']]],
    ]);
    expect(commands(one.otherwise)).toEqual([['d']]);
  });

  test('reads entries, submenus and functions with what is in them', () => {
    const script = parseGrub(`
      function load_video { insmod all_video }
      menuentry 'Debian' --class os { linux /vmlinuz }
      submenu "More" { menuentry x { boot } }`);
    expect(script).toMatchObject([
      { kind: 'function', name: 'load_video' },
      { kind: 'entry', submenu: false },
      { kind: 'entry', submenu: true, body: [{ kind: 'entry' }] },
    ]);
  });

  test('reads over loops', () => {
    expect(commands(parseGrub('for x in a b; do echo $x; done\nboot'))).toEqual([['boot']]);
  });

  test('never throws, and ends, whatever the text', () => {
    const word = fc.constantFrom('if', 'then', 'fi', 'else', 'elif', '{', '}', ';', '\n', 'menuentry', '"', "'", '$x', '${', '\\', 'for', 'done', 'function', '#', 'a'); // biome-ignore format: a list
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), (words) => {
        expect(Array.isArray(parseGrub(words.join(' ')))).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => Array.isArray(parseGrub(text))));
  });
});

test.each([
  [['a'], true],
  [[''], false],
  [['-n', ''], false],
  [['-z', ''], true],
  [['a', '=', 'a'], true],
  [['a', '!=', 'a'], false],
  [['2', '-lt', '10'], true],
  [['!', 'a', '=', 'b'], true],
  [['a', '=', 'b', '-o', 'c'], true],
  [['a', '=', 'b', '-a', 'c'], false],
  [['-d', '/x'], false],
])('testWords() of %j', (words, want) => {
  expect(testWords(words)).toBe(want);
});
