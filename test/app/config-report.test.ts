import { expect, test } from 'vitest';
import type { ConfigPlace } from '../../src/app/config-place.ts';
import { reportChange } from '../../src/app/config-report.ts';

test('reportChange() tells on stderr what is in force and hardly meant, and that it was saved', async () => {
  const saved = { file: '/etc/pxed.yaml', etag: 'x', saved: true, changed: [], applied: true };
  const warnings = ['hosts[0].address: 10.9.0.1 is in no network that is served: nobody gets it'];
  const place = {
    live: true,
    save: async () => ({ ...saved, needsRestart: [], problems: [], warnings }),
  } as unknown as ConfigPlace;
  const told = { out: [] as string[], err: [] as string[] };
  const io = {
    out: { write: (text: string) => told.out.push(text) },
    err: { write: (text: string) => told.err.push(text) },
  };
  expect(await reportChange(place, { set: {} }, io)).toBe(0);
  expect(told.out.join('')).toContain('and in force');
  expect(told.err).toEqual([`pxectl: warning: ${warnings[0]}\n`]);
});
