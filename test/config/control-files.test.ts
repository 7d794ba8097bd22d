import { expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../src/config/load.ts';

function control(lines: string): unknown {
  const loaded = loadConfig(`version: 1\ncontrol:\n  ${lines}\n`, { file: 'pxed.yaml', archNames: [] });
  if (!loaded.ok) return loaded.problems.map(formatProblem).join('\n');
  return { fetch: loaded.value.control.fetch, most: loaded.value.control['upload-max'] };
}

test.each([
  ['fetch: https://mirror.example/debian', ['https://mirror.example/debian/']],
  ['fetch: [http://10.0.0.1:8080, https://a.example/b/]', ['http://10.0.0.1:8080/', 'https://a.example/b/']],
  ['fetch: https://mirror.example/a/../b', ['https://mirror.example/b/']],
  ['fetch: []', []],
])('control.fetch: %s', (lines, fetch) => {
  expect(control(lines)).toEqual({ fetch, most: 16 * 1024 ** 3 });
});

test.each([
  'file:///etc/',
  'mirror.example',
  'https://me:secret@mirror.example/',
  'https://a.example/?x=',
  '/srv',
])('control.fetch refuses %s', (url) => {
  expect(control(`fetch: "${url}"`)).toMatch(/^pxed\.yaml:3: control\.fetch.*expected how URLs begin/);
});

test('control.upload-max takes sizes as people write them', () => {
  expect(control('upload-max: 4G')).toEqual({ fetch: [], most: 4 * 1024 ** 3 });
});
