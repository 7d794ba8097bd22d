import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataOf, editText, isSame } from '../../src/config/edit.ts';
import { type Change, changed } from '../../src/config/edit-json.ts';
import { type Json, parseEditPath } from '../../src/config/edit-path.ts';
import { isList, isMap, parseEditValue } from '../../src/config/edit-value.ts';
import { loadConfig } from '../../src/config/load.ts';
import { anyLetter } from '../rig/any-letter.ts';

const REFERENCE = readFileSync(join(import.meta.dirname, '../../config/reference.yaml'), 'utf8');

function pathOf(text: string) {
  const parsed = parseEditPath(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.path;
}

function set(path: string, value: string): Change {
  const parsed = parseEditValue(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return { path: pathOf(path), value: parsed.value };
}

function unset(path: string): Change {
  return { path: pathOf(path), unset: true };
}

function edited(text: string, ...changes: Change[]): string {
  const result = editText(text, changes);
  if (!result.ok) throw new Error(`${result.path ?? ''}: ${result.message}`);
  return result.text;
}

test.each([
  { name: 'a value, its comment stays', text: 'a: 1 # one\n', change: set('a', '2'), want: 'a: 2 # one\n' },
  { name: 'a quoted text', text: 'a: "off"  # x\n', change: set('a', 'on it'), want: 'a: "on it"  # x\n' },
  { name: 'a text that needs quotes', text: 'a: b\n', change: set('a', '"1"'), want: 'a: "1"\n' },
  {
    name: 'a key with nothing behind it',
    text: 'a: # c\nb: 1\n',
    change: set('a', '2'),
    want: 'a: 2 # c\nb: 1\n',
  },
  { name: 'a new key at the end', text: 'a: 1', change: set('b', 'c'), want: 'a: 1\nb: c' },
  {
    name: 'a new key behind a comment',
    text: 'a: 1 # c\n# end\n',
    change: set('b', '2'),
    want: 'a: 1 # c\nb: 2\n# end\n',
  },
  {
    name: 'a new key below an old one',
    text: 'tftp:\n    port: 1 # c\n\n# next\nmode: off\n',
    change: set('tftp.root', '/x'),
    want: 'tftp:\n    port: 1 # c\n    root: /x\n\n# next\nmode: off\n',
  },
  {
    name: 'a key of a new map',
    text: 'a: 1\n',
    change: set('tftp.port', '2'),
    want: 'a: 1\ntftp:\n  port: 2\n',
  },
  {
    name: 'a map where there was nothing',
    text: 'tftp:\nb: 1\n',
    change: set('tftp.port', '2'),
    want: 'tftp: { port: 2 }\nb: 1\n',
  },
  {
    name: 'within brackets',
    text: 'a: { b: 1, c: x }\n',
    change: set('a.c', 'y, z'),
    want: 'a: { b: 1, c: "y, z" }\n',
  },
  {
    name: 'a new key within brackets',
    text: 'a: { b: 1 }\n',
    change: set('a.c', '2'),
    want: 'a: { b: 1, c: 2 }\n',
  },
  {
    name: 'a new key within empty brackets',
    text: 'a: {}\n',
    change: set('a.c', '2'),
    want: 'a: { c: 2 }\n',
  },
  { name: 'an item of brackets', text: 'a: [x, y,]\n', change: set('a[1]', 'z'), want: 'a: [x, z,]\n' },
  {
    name: 'a new item of brackets',
    text: 'a: [x, y,] # c\n',
    change: set('a[+]', 'z'),
    want: 'a: [x, y, z,] # c\n',
  },
  {
    name: 'a new item of empty brackets',
    text: 'a: [] # c\n',
    change: set('a[+]', 'z'),
    want: 'a: [z] # c\n',
  },
  {
    name: 'a new item over several lines',
    text: 'a: [\n  x, # the x\n  y # the y\n]\n',
    change: set('a[+]', 'z'),
    want: 'a: [\n  x, # the x\n  y, z # the y\n]\n',
  },
  {
    name: 'a new item of a list',
    text: 'hosts:\n  - mac: a # A\n    b: 1\n  # end\nmode: x\n',
    change: set('hosts[+]', '{ mac: c, address: d }'),
    want: 'hosts:\n  - mac: a # A\n    b: 1\n  - mac: c\n    address: d\n  # end\nmode: x\n',
  },
  {
    name: 'a new item of a list that is not indented',
    text: 'a:\n- x\n- y\nb: 1\n',
    change: set('a[+]', 'z'),
    want: 'a:\n- x\n- y\n- z\nb: 1\n',
  },
  {
    name: 'the first item of a list that is not there',
    text: 'a: 1\n',
    change: set('hosts[+].mac', 'x'),
    want: 'a: 1\nhosts:\n  - mac: x\n',
  },
  {
    name: 'a key of an item',
    text: 'a:\n  - b: 1 # one\n    # about d\n    d: 2\n',
    change: set('a[0].c', '3'),
    want: 'a:\n  - b: 1 # one\n    # about d\n    d: 2\n    c: 3\n',
  },
  {
    name: 'a text of several lines',
    text: 'a: |\n  x\n  y\n\n# c\nb: 1\n',
    change: set('a', 'z'),
    want: 'a: z\n\n# c\nb: 1\n',
  },
  {
    name: 'a key behind a text of several lines',
    text: 'a:\n  b: |\n    x\n    y\nc: 1\n',
    change: set('a.d', '2'),
    want: 'a:\n  b: |\n    x\n    y\n  d: 2\nc: 1\n',
  },
  {
    name: 'lines by a value, the comments of the first and last line stay',
    text: 'a: # why\n  - b: 1\n  - c: 2 # gone\n# about d\nd: 1\n',
    change: set('a', '[]'),
    want: 'a: [] # why # gone\n# about d\nd: 1\n',
  },
  {
    name: 'lines by lines',
    text: 'a:\n  - b: 1\n  - c: 2\nd: 1\n',
    change: set('a', '[{ x: 1, y: 2 }]'),
    want: 'a:\n  - x: 1\n    y: 2\nd: 1\n',
  },
  {
    name: 'with the line ends of a file',
    text: 'a: 1\r\nb:\r\n  c: 2\r\n',
    change: set('b.d', '3'),
    want: 'a: 1\r\nb:\r\n  c: 2\r\n  d: 3\r\n',
  },
  {
    name: 'behind a byte order mark',
    text: '\uFEFFa: 1\nb: 2\n',
    change: set('a', '3'),
    want: '\uFEFFa: 3\nb: 2\n',
  },
  {
    name: 'between document marks',
    text: '---\na: 1\n...\n',
    change: set('b', '2'),
    want: '---\na: 1\nb: 2\n...\n',
  },
  {
    name: 'in a file that is one pair of brackets',
    text: '{version: 1}\n',
    change: set('mode', 'dhcp'),
    want: '{version: 1, mode: dhcp }\n'.replace(' }', '}'),
  },
  {
    name: 'the first key of an empty file',
    text: '',
    change: set('mode', 'dhcp'),
    want: 'version: 1\nmode: dhcp\n',
  },
  {
    name: 'the first key of a file of comments',
    text: '# mine',
    change: set('tftp.port', '1'),
    want: '# mine\nversion: 1\ntftp:\n  port: 1\n',
  },
  { name: 'nothing that is so already', text: 'a:   1\n', change: set('a', '1'), want: 'a:   1\n' },
  {
    name: 'a text of several lines as one',
    text: 'a: 1\n',
    change: { path: ['b'], value: 'x\ny' },
    want: 'a: 1\nb: "x\\ny"\n',
  },
  {
    name: 'a key that needs quotes',
    text: 'a: 1\n',
    change: { path: ['b: c'], value: 'x' },
    want: 'a: 1\n"b: c": x\n',
  },
] satisfies { name: string; text: string; change: Change; want: string }[])(
  'editText() sets $name',
  ({ text, change, want }) => {
    expect(edited(text, change)).toBe(want);
  },
);

test.each([
  {
    name: 'a key with its comment',
    text: 'a: 1 # one\n# about b\nb: 2\n',
    path: 'a',
    want: '# about b\nb: 2\n',
  },
  { name: 'the last key', text: 'a: 1\nb: 2', path: 'b', want: 'a: 1\n' },
  {
    name: 'a key with all below it',
    text: 'a: 1\nb:\n  c: [x,\n    y]\n  d: 1\n\n# e\ne: 1\n',
    path: 'b',
    want: 'a: 1\n\n# e\ne: 1\n',
  },
  {
    name: 'a map with its last key',
    text: 'a: 1\ntftp: # c\n  port: 1\nb: 2\n',
    path: 'tftp.port',
    want: 'a: 1\nb: 2\n',
  },
  { name: 'of brackets', text: 'a: { b: 1, c: 2, d: 3 }\n', path: 'a.c', want: 'a: { b: 1, d: 3 }\n' },
  { name: 'the first of brackets', text: 'a: { b: 1, c: 2 }\n', path: 'a.b', want: 'a: { c: 2 }\n' },
  {
    name: 'an item',
    text: 'a:\n  - b: 1\n    c: 2\n  # about x\n  - x\n',
    path: 'a[0]',
    want: 'a:\n  # about x\n  - x\n',
  },
  {
    name: 'the last item, the list stays',
    text: 'b: 1\na:\n  - x # c\n',
    path: 'a[0]',
    want: 'b: 1\na: []\n',
  },
  {
    name: 'the first key of an item',
    text: 'a:\n  - b: 1\n    c: 2\n',
    path: 'a[0].b',
    want: 'a:\n  - c: 2\n',
  },
  { name: 'the only key of an item', text: 'a:\n  - b: 1\n', path: 'a[0].b', want: 'a:\n  - {}\n' },
  { name: 'what is not there', text: 'a: 1 # x\n', path: 'b.c[3]', want: 'a: 1 # x\n' },
  { name: 'with other line ends', text: 'a: 1\r\nb: 2\r\nc: 3\r\n', path: 'b', want: 'a: 1\r\nc: 3\r\n' },
])('editText() unsets $name', ({ text, path, want }) => {
  expect(edited(text, unset(path))).toBe(want);
});

test.each([
  { name: 'below a value', text: 'a: 1\n', change: set('a.b', '2'), message: /a is a value/ },
  { name: 'an item of a map', text: 'a: { b: 1 }\n', change: set('a[0]', '2'), message: /a is no list/ },
  {
    name: 'a key of a list',
    text: 'a: [1]\n',
    change: set('a.b', '2'),
    message: /a is a list: name an item/,
  },
  { name: 'an item too far', text: 'a: [1]\n', change: set('a[2]', '2'), message: /has items 0 to 0/ },
  { name: 'an item of no list', text: 'a: 1\n', change: set('b[1]', '2'), message: /begin it with \[\+\]/ },
  { name: 'what others refer to', text: 'a: &x 1\nb: *x\n', change: set('a', '2'), message: /anchors/ },
  { name: 'below an alias', text: 'a: &x { c: 1 }\nb: *x\n', change: set('b.c', '2'), message: /anchors/ },
  { name: 'a file that is no YAML', text: 'a: [\n', change: set('b', '1'), message: /./ },
  { name: 'a file that is a list', text: '- a\n', change: set('b', '1'), message: /no.* map|not a map/ },
])('editText() refuses $name', ({ text, change, message }) => {
  const result = editText(text, [change]);
  expect(result.ok ? 'done' : result.message).toMatch(message);
});

test('editText() sets an alias to a value of its own, and rewrites keys in explicit form', () => {
  expect(edited('a: &x 1\nb: *x # c\n', set('b', '2'))).toBe('a: &x 1\nb: 2 # c\n');
  expect(dataOf(edited('? a\n: 1\nb: 2 # two\n', unset('a')))).toEqual({ b: 2 });
});

/** All places of a value. */
function placesOf(data: Json, path: (string | number)[] = []): { path: (string | number)[]; value: Json }[] {
  const here = path.length > 0 ? [{ path, value: data }] : [];
  if (isList(data)) return [...here, ...data.flatMap((item, index) => placesOf(item, [...path, index]))];
  if (isMap(data))
    return [...here, ...Object.entries(data).flatMap(([key, one]) => placesOf(one, [...path, key]))];
  return here;
}

/** Lines of `before` that `after` has not, in any order. */
function linesLost(before: string, after: string): string[] {
  const left = new Map<string, number>();
  for (const line of after.split('\n')) left.set(line, (left.get(line) ?? 0) + 1);
  return before.split('\n').filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

test('editText() changes one line of the reference for each single value of it', () => {
  const places = placesOf(dataOf(REFERENCE)!).filter(({ value }) => !isList(value) && !isMap(value));
  expect(places.length).toBeGreaterThan(150);
  for (const { path } of places) {
    const after = edited(REFERENCE, { path, value: 'changed' });
    expect([path, linesLost(REFERENCE, after).length]).toEqual([path, 1]);
    expect(after.split('\n').length).toBe(REFERENCE.split('\n').length);
  }
});

test('editText() takes each place out of the reference, and no comment line with it that is not inside', () => {
  for (const { path } of placesOf(dataOf(REFERENCE)!)) {
    const after = edited(REFERENCE, { path, unset: true });
    const topLevelComments = REFERENCE.split('\n').filter((line) => line.startsWith('#'));
    expect(linesLost(topLevelComments.join('\n'), after)).toEqual([]);
  }
});

test('editText() keeps every comment and blank line of the reference when something is added', () => {
  const additions = [
    set('hosts[+]', '{ mac: 52:54:00:00:00:09, address: 192.168.77.13 }'),
    set('networks[+].subnet', '10.9.0.0/16'),
    set('networks[0].range[+]', '192.168.77.240-192.168.77.241'),
    set('profiles.other.kernel', 'other/linux'),
    set('boot.arch.11', 'grubaa64.efi'),
    set('rules[1].match.arch[+]', '7'),
    set('templates.node.lease', '1h'),
  ];
  for (const addition of additions) {
    const after = edited(REFERENCE, addition);
    expect(
      linesLost(REFERENCE, after).filter((line) => line.trim().startsWith('#') || line.trim() === ''),
    ).toEqual([]);
    expect(linesLost(REFERENCE, after).length).toBeLessThanOrEqual(1);
    const loaded = loadConfig(after, { file: 'r', archNames: ['x86-64_EFI', 'ARM64_EFI'] });
    expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  }
});

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'tftp', 'port', 'x-y'),
  fc.string({ minLength: 1, maxLength: 6 }),
);
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: anyLetter, maxLength: 8 }),
      fc.string({ maxLength: 8 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

test('editText() says in which line the mistake is that keeps a text from being changed', () => {
  const result = editText('a: 1\nb: [\n', [{ path: ['a'], value: 2 }]);
  expect(result).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^the file has a mistake in line 3: /),
  });
});

test('editText() makes texts that say what was asked for, or refuses and changes nothing', () => {
  const texts = fc.constantFrom(
    REFERENCE,
    'a: 1\nb:\n  - x: [1, {y: 2}] # c\n  - z\ntftp: { port: 69 }\n',
    'a:\n- - 1\n  - 2\n- b: "x"\n\n# end',
    '{a: [1, 2], b: {c: }}',
    'a: |\r\n  x\r\n  y\r\nb: >-\r\n  z\r\n',
    '# c\n---\n? a\n: b\n"tftp" :   # x\n    port : 1\n',
    'a: &x [1]\nb: *x\n',
  );
  fc.assert(
    fc.property(
      texts,
      fc.nat(),
      fc.option(key),
      fc.option(json, { nil: undefined }),
      (text, which, added, value) => {
        const data = dataOf(text)!;
        const places = placesOf(data);
        const { path: place } = places[which % places.length]!;
        const path = added === null ? place : [...place, added];
        const change: Change = value === undefined ? { path, unset: true } : { path, value };
        const result = editText(text, [change]);
        if (!result.ok) return result.message !== '';
        return isSame(dataOf(result.text)!, changed(data, change));
      },
    ),
    { numRuns: 500 },
  );
});

test('editText() never throws, whatever the text is', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyLetter }), json, (text, value) => {
      const result = editText(text, [{ path: ['a', 'b'], value }]);
      return typeof result.ok === 'boolean';
    }),
  );
});
