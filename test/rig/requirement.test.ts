import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command, file, unmet } from './requirement.ts';

test('unmet() says what is missing and which package has it', () => {
  const needs = [
    command('sh', 'dash'),
    command('no-such-tool', 'tool-of-dreams'),
    file('/no/such', 'nowhere'),
  ];
  expect(unmet(needs)).toEqual([
    'no no-such-tool (Debian package tool-of-dreams)',
    'no /no/such (Debian package nowhere)',
  ]);
});

const RING = `import { file, ring } from '${join(import.meta.dirname, 'requirement.ts')}';
ring('what needs a file', [file('/no/such', 'nowhere')], () => {
  test('is not run', () => expect(true).toBe(false));
});
`;

/** Runs vitest over a ring that cannot run here. */
function runRing(requireAll: string): { code: number | null; text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-requirement-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ring.test.ts'), RING);
  const vitest = execFileSync('node', ['-p', 'require.resolve("vitest/package.json")'], { encoding: 'utf8' });
  const argv = [join(vitest.trim(), '../vitest.mjs'), 'run', '--globals', '--root', folder];
  const env = { ...process.env, PXED_REQUIRE_ALL: requireAll, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { env, encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

test('ring() skips by default, and fails when nothing may be skipped', () => {
  const skipped = runRing('');
  expect(skipped.code).toBe(0);
  expect(skipped.text).toMatch(/1 skipped/);
  const failed = runRing('1');
  expect(failed.code).toBe(1);
  expect(failed.text).toContain('cannot run here: no /no/such (Debian package nowhere)');
});
