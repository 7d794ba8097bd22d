import { expect, test } from 'vitest';
import { editText } from '../../src/config/edit.ts';
import { loadConfig } from '../../src/config/load.ts';
import { yamlDocument } from '../../src/config/yaml-document.ts';

const UNIQUE = 'Map keys must be unique';

function repeatedIn(text: string): number[] {
  return yamlDocument(text).errors.map(({ pos }) => text.slice(0, pos[0]).split('\n').length);
}

test.each<{ name: string; text: string; lines: number[] }>([
  { name: 'of the whole', text: 'a: 1\nb: 2\na: 3\n', lines: [3] },
  { name: 'three times', text: 'a: 1\na: 2\na: 3\n', lines: [2, 3] },
  { name: 'below another', text: 'a:\n  b: 1\n  c: 2\n  b: 3\n', lines: [4] },
  { name: 'of an entry of a list', text: '- a: 1\n  a: 2\n- a: 1\n', lines: [2] },
  { name: 'in braces', text: '{a: 1,\nb: {c: 1,\nc: 2}}\n', lines: [3] },
  { name: 'in another spelling', text: 'a: 1\n"a": 2\n', lines: [2] },
  { name: 'a number', text: '1: a\n0x1: b\n', lines: [2] },
  { name: 'none: a number and a text', text: '1: a\n"1": b\n', lines: [] },
  { name: 'without a name', text: ': 1\n: 2\n', lines: [2] },
  { name: 'within a key', text: '? {a: 1, a: 2}\n: 3\n', lines: [1] },
  { name: 'none: of two maps', text: 'a: {x: 1}\nb: {x: 1}\n', lines: [] },
  { name: 'none: nothing', text: '', lines: [] },
])('yamlDocument() finds a key that is repeated: $name', ({ text, lines }) => {
  expect(repeatedIn(text)).toEqual(lines);
});

test('loadConfig() tells a repeated key at its line, among other mistakes of the text', () => {
  const text = 'version: 1\nmode: dhcp\nmode: proxy\nbootp: [\n';
  const loaded = loadConfig(text, { file: 'f', archNames: [] });
  expect(loaded).toMatchObject({ ok: false });
  expect(!loaded.ok && loaded.problems[0]).toMatchObject({ line: 3, message: UNIQUE });
});

test('editText() refuses a file with a repeated key', () => {
  const edited = editText('version: 1\nmode: dhcp\nmode: proxy\n', [{ path: ['state'], value: 'memory' }]);
  expect(edited).toMatchObject({ ok: false, message: `the file has a mistake in line 3: ${UNIQUE}` });
});

const MANY = 30_000;

/** Far more than anybody writes: each compared with each they would keep DHCP waiting for a minute. */
test.each<{ name: string; text: string; most: number }>([
  { name: 'repeated keys, and tells a hundred', text: 'a: 1\n'.repeat(MANY), most: 100 },
  { name: 'unknown keys', text: Array.from({ length: MANY }, (_, at) => `k${at}: 1\n`).join(''), most: MANY },
  {
    name: 'entries of the same machine',
    text: `hosts:\n${'  - mac: 52:54:00:00:00:01\n'.repeat(MANY)}`,
    most: MANY - 1,
  },
])('loadConfig() gets through many $name', ({ text, most }) => {
  const loaded = loadConfig(`version: 1\n${text}`, { file: 'f', archNames: [] });
  expect(!loaded.ok && loaded.problems.length).toBe(most);
});

test('loadConfig() says what was meant by unknown keys, be there many of them', () => {
  const text = `version: 1\nmoode: dhcp\n${Array.from({ length: 500 }, (_, at) => `k${at}: 1\n`).join('')}`;
  const loaded = loadConfig(text, { file: 'f', archNames: [] });
  expect(!loaded.ok && loaded.problems[0]?.message).toBe('no such key; did you mean mode?');
});
