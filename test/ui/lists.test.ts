import { describe, expect, test } from 'vitest';
import type { Lease } from '../../src/ui/api/shapes.ts';
import { byLine, countLines, problemsOf, spanOfLine } from '../../src/ui/model/config-problems.ts';
import { isFound } from '../../src/ui/model/lease-list.ts';
import { isShown, LINES_MOST, type LogLine, withLines } from '../../src/ui/model/log-lines.ts';
import { encodedPath, folderOf, joined, lastOf, nameProblem, trailOf } from '../../src/ui/model/paths.ts';
import { profilesOf } from '../../src/ui/model/profiles.ts';
import { changed, type Upload, uploadsLine } from '../../src/ui/model/uploads.ts';

describe('log lines', () => {
  const line = (number: number, more: Partial<LogLine> = {}): LogLine => ({
    ...{ number, at: '2026-11-20T12:00:00.000Z', type: 'tftp.done', level: 'info', text: 'got vmlinuz' },
    ...more,
  });

  test('withLines() keeps the newest', () => {
    const before = Array.from({ length: LINES_MOST }, (_, number) => line(number));
    const after = withLines(before, [line(7777)]);
    expect(after.length).toBe(LINES_MOST);
    expect(after[0]!.number).toBe(1);
    expect(after.at(-1)!.number).toBe(7777);
    expect(withLines(before, [])).toBe(before);
  });

  test.each([
    [{ level: 'info', kind: '', text: '' }, true],
    [{ level: 'warn', kind: '', text: '' }, false],
    [{ level: 'debug', kind: 'tftp', text: 'VMLINUZ' }, true],
    [{ level: 'debug', kind: 'dhcp', text: '' }, false],
    [{ level: 'debug', kind: '', text: 'initrd' }, false],
  ] as const)('isShown() by %j', (filter, wanted) => {
    expect(isShown(line(1), filter)).toBe(wanted);
  });
});

describe('problems of a configuration', () => {
  test('byLine() joins those of a line, and leaves out those of none', () => {
    const lines = byLine([
      { line: 3, message: 'a' },
      { message: 'b' },
      { line: 3, path: 'mode', message: 'c' },
    ]);
    expect([...lines.keys()]).toEqual([3]);
    expect(lines.get(3)!.map(({ message }) => message)).toEqual(['a', 'c']);
  });

  test.each([
    [1, 'one'],
    [2, ''],
    [3, 'three'],
    [9, 'three'],
  ])('spanOfLine() selects line %d', (line, selected) => {
    const text = 'one\n\nthree';
    const { start, end } = spanOfLine(text, line);
    expect(text.slice(start, end)).toBe(selected);
    expect(countLines(text)).toBe(3);
  });

  test('problemsOf() reads the details of an error, whatever they are', () => {
    expect(problemsOf({ problems: [{ file: 'f', line: 2, message: 'm' }, 'plain', {}] })).toEqual([
      { line: 2, message: 'm' },
      { message: 'plain' },
      { message: 'not understood' },
    ]);
    for (const details of [undefined, null, 7, {}, { problems: 'x' }])
      expect(problemsOf(details)).toEqual([]);
  });
});

describe('paths', () => {
  test('joined(), lastOf() and folderOf() fit together', () => {
    expect(joined('', 'a')).toBe('a');
    expect(joined('a/b', 'c')).toBe('a/b/c');
    expect(lastOf('a/b/c')).toBe('c');
    expect(folderOf('a/b/c')).toBe('a/b');
    expect(folderOf('a')).toBe('');
  });

  test('trailOf() names each folder on the way', () => {
    expect(trailOf('')).toEqual([]);
    expect(trailOf('a/b')).toEqual([
      { name: 'a', path: 'a' },
      { name: 'b', path: 'a/b' },
    ]);
  });

  test('encodedPath() keeps slashes alone', () => {
    expect(encodedPath('a b/c?d#e%')).toBe('a%20b/c%3Fd%23e%25');
  });

  test.each(['', '  ', '/a', 'a//b', 'a/', '.', '..', 'a/../b'])('nameProblem() refuses %j', (name) => {
    expect(nameProblem(name)).toBeTypeOf('string');
  });

  test.each(['a', 'a b', 'a/b.c', '...'])('nameProblem() takes %j', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });
});

test('profilesOf() says what each boots, and how often', () => {
  const profiles = {
    debian: {
      ...{ title: 'Debian', kernel: 'vmlinuz', initrd: ['a.gz', 'b.gz'], args: 'quiet' },
      // biome-ignore lint/suspicious/noThenProperty: as the configuration has it
      ...{ once: 'until-fetched', then: 'disk' },
    },
    one: { kernel: 'k', initrd: 'i', once: 'until-reported' },
    memtest: { loader: 'memtest.0', once: 'always' },
    disk: { local: true },
    choose: { menu: ['debian', { profile: 'disk', title: 'Disk' }] },
    newer: { teleport: 7 },
    strange: null,
  };
  expect(profilesOf({ profiles })).toEqual([
    {
      ...{ name: 'debian', title: 'Debian', boots: 'vmlinuz', more: ['a.gz', 'b.gz', 'quiet'] },
      once: 'until the machine has its files, then disk',
    },
    {
      ...{ name: 'one', boots: 'k', more: ['i'] },
      once: 'until its installer says that it is done, then local',
    },
    { name: 'memtest', boots: 'memtest.0', more: [] },
    { name: 'disk', boots: 'its own disk', more: [] },
    { name: 'choose', boots: 'a menu', more: ['debian, disk'] },
    { name: 'newer', boots: '', more: [] },
    { name: 'strange', boots: '', more: [] },
  ]);
  expect(profilesOf({})).toEqual([]);
});

test.each([
  ['', true],
  ['5254001', true],
  ['52-54-00', true],
  ['node 10.0', true],
  ['other', false],
])('isFound() finds a lease by %j', (text, wanted) => {
  const lease: Lease = {
    ...{ ip: '10.0.0.7', state: 'bound', mac: '52:54:00:12:34:56', hostname: 'node7' },
    ...{ kind: 'dhcp', since: '2026-11-20T12:00:00.000Z' },
  };
  expect(isFound(lease, text)).toBe(wanted);
});

test('uploadsLine() says how many arrived', () => {
  const one = (number: number, state: Upload['state']): Upload => ({
    ...{ number, path: 'a', totalBytes: 1, bytes: 0, state },
  });
  const all = [one(1, 'done'), one(2, 'same'), one(3, 'failed'), one(4, 'waiting')];
  expect(uploadsLine(all)).toBe('2 of 4 files uploaded, 1 failed');
  expect(uploadsLine(changed([one(1, 'waiting')], 1, { state: 'done' }))).toBe('1 of 1 file uploaded');
});
