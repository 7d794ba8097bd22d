import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HISTORY_LINES, historyPath, openHistory } from '../../../src/cli/ptftp-shell/history.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-history-'));
  path = join(folder, 'state/pxed/ptftp-history');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('historyPath() follows the XDG base directories', () => {
  expect(historyPath({ HOME: '/home/u' })).toBe('/home/u/.local/state/pxed/ptftp-history');
  expect(historyPath({ HOME: '/home/u', XDG_STATE_HOME: '/s' })).toBe('/s/pxed/ptftp-history');
  // "All paths must be absolute. […] should consider the path invalid and ignore it."
  expect(historyPath({ HOME: '/home/u', XDG_STATE_HOME: 'here' })).toBe(
    '/home/u/.local/state/pxed/ptftp-history',
  );
  expect(historyPath({})).toBeUndefined();
});

test('openHistory() has the lines of sessions before, the newest first, each once in a row', () => {
  const first = openHistory(path);
  expect(first.lines).toEqual([]);
  for (const line of ['get a', 'get a', '  ', 'get b', 'get a']) first.add(line);
  expect(openHistory(path).lines).toEqual(['get a', 'get b', 'get a']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'state/pxed')).mode & 0o777).toBe(0o700);
});

test('openHistory() keeps what two sessions at once add', () => {
  const [first, second] = [openHistory(path), openHistory(path)];
  first.add('a');
  second.add('b');
  first.add('c');
  expect(openHistory(path).lines).toEqual(['c', 'b', 'a']);
});

test('openHistory() cuts a file that has grown, and offers no more than its last lines', () => {
  openHistory(path).add('x');
  const lines = Array.from({ length: 2 * HISTORY_LINES + 1 }, (_, i) => `get ${i}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  const { lines: offered } = openHistory(path);
  expect(offered).toHaveLength(HISTORY_LINES);
  expect(offered[0]).toBe(lines.at(-1));
  expect(readFileSync(path, 'utf8').trim().split('\n')).toEqual(lines.slice(-HISTORY_LINES));
});

test('openHistory() does without a file that cannot be', () => {
  writeFileSync(join(folder, 'state'), 'no folder');
  const history = openHistory(path);
  history.add('get a');
  expect(history.lines).toEqual([]);
  expect(() => openHistory(undefined).add('get a')).not.toThrow();
});
