import { expect, test } from 'vitest';
import { differences } from '../../src/config/edit-diff.ts';
import { withDefaults } from '../../src/config/effective.ts';
import { configSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';

test.each([
  { before: { a: 1 }, after: { a: 1 }, want: [] },
  { before: { a: 1, b: 2 }, after: { b: 2, a: 1 }, want: [] },
  {
    before: { a: { b: 1, c: 2 } },
    after: { a: { b: 1, c: 3 } },
    want: [{ path: 'a.c', before: 2, after: 3 }],
  },
  {
    before: { a: [1, { b: 2 }] },
    after: { a: [1, { b: 3 }] },
    want: [{ path: 'a[1].b', before: 2, after: 3 }],
  },
  { before: { a: [1] }, after: { a: [1, 2] }, want: [{ path: 'a[1]', after: 2 }] },
  { before: { a: [] }, after: { a: [{ b: 1 }] }, want: [{ path: 'a[0]', after: { b: 1 } }] },
  {
    before: { a: [1, 2, 3, 4] },
    after: { a: [1, 4] },
    want: [2, 3].map((n) => ({ path: `a[${n - 1}]`, before: n })),
  },
  { before: { a: [1, 1] }, after: { a: [1, 1, 1] }, want: [{ path: 'a[2]', after: 1 }] },
  { before: { a: [1, 2] }, after: { a: [3] }, want: [{ path: 'a', before: [1, 2], after: [3] }] },
  { before: { a: 1 }, after: {}, want: [{ path: 'a', before: 1 }] },
  { before: {}, after: { 'x.y': null }, want: [{ path: '"x.y"', after: null }] },
  { before: undefined, after: { a: 1 }, want: [{ path: '', after: { a: 1 } }] },
])('differences() of $before and $after', ({ before, after, want }) => {
  expect(differences(before, after)).toEqual(want);
});

test('withDefaults() makes a configuration that says the same, every default in it', () => {
  const said = {
    version: 1,
    tftp: { root: '/x' },
    networks: [{ subnet: '10.0.0.0/8', routers: '10.0.0.1' }],
  };
  const whole = withDefaults(configSchema(), said);
  expect(whole).toMatchObject({
    mode: 'auto',
    tftp: { root: '/x', port: 69, writes: 'off' },
    networks: [{ subnet: '10.0.0.0/8', routers: '10.0.0.1' }],
    log: { level: 'info' },
  });
  const load = (data: unknown) => loadConfig(JSON.stringify(data), { file: 'x', archNames: [] });
  expect(load(whole)).toEqual(load(said));
});
