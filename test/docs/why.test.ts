import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('docs/why.md has a row for each reason that pxectl why gives', () => {
  const page = readFileSync(join(ROOT, 'docs/why.md'), 'utf8');
  const folder = join(ROOT, 'src/timeline');
  const source = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
  const codes = [...source.matchAll(/code: (?:[^'`\n]*\? )?'([a-z0-9-]+)'(?: : '([a-z-]+)')?/g)].flatMap(
    ([, one, other]) => [one!, ...(other === undefined ? [] : [other])],
  );
  expect(new Set(codes).size).toBeGreaterThan(25);
  for (const code of codes) expect(page).toMatch(new RegExp(`^\\| .*\`${code}\`.* \\|`, 'm'));
});
