import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/diagnosis.md'), 'utf8');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

test.each([
  { name: 'doctor', page: PAGE },
  { name: 'capture', page: PAGE },
  { name: 'replay', page: PAGE },
  { name: 'enable', page: README },
])('the documentation names every option of pxectl $name', ({ name, page }) => {
  const table = page.split(`| option of \`pxectl ${name}\``)[1]?.split('\n\n')[0] ?? '';
  const { options } = withSubcommands(pxectlCommand('0', () => {})).find((one) => one.name() === name)!;
  expect(options.length).toBeGreaterThan(3);
  for (const { long } of options) expect(table, long ?? '').toContain(long);
});

test('docs/diagnosis.md names every finding of pxectl doctor', () => {
  const sources = globSync('src/app/doctor/check-*.ts', { cwd: ROOT });
  const codes = sources.flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), 'utf8').matchAll(
        /\b(?:good|warning|problem|unknown|ask)\(\s*'([a-z0-9-]+)'/g,
      ),
    ].map(([, code]) => code!),
  );
  expect(new Set(codes).size).toBeGreaterThan(40);
  expect([...new Set(codes)].filter((code) => !PAGE.includes(`\`${code}\``))).toEqual([]);
});
