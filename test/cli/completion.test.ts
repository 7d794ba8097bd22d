import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../src/cli/completion/fish.ts';
import { completionTree } from '../../src/cli/completion/tree.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';

const TREE = completionTree(pxectlCommand('1.2.3', () => {}));

test('completionTree() has every command, its options, and what its arguments may be', () => {
  const paths = TREE.map(({ path }) => path.join(' '));
  const all = withSubcommands(pxectlCommand('1.2.3', () => {})).length;
  expect(paths).toHaveLength(all);
  expect(paths).toEqual(expect.arrayContaining(['pxectl', 'pxectl status', 'pxectl loaders install']));
  const stop = TREE.find(({ path }) => path.at(-1) === 'stop')!;
  expect(stop.choices).toEqual(['dhcp', 'tftp', 'http']);
  expect(stop.options.find(({ flags }) => flags.includes('--socket'))?.values).toBe('files');
  expect(stop.options.find(({ flags }) => flags.includes('--json'))).not.toHaveProperty('values');
  expect(TREE.find(({ path }) => path.at(-1) === 'check')?.files).toBe(true);
});

/** What bash itself makes of a line whose last word is being written. */
function complete(folder: string, ...words: string[]): string[] {
  const script =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash fills it in
    'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pxectl; printf "%s\\n" "${COMPREPLY[@]}"';
  const out = execFileSync('bash', ['-c', script, join(folder, 'pxectl.bash'), ...words], { cwd: folder });
  return out.toString().split('\n').filter(Boolean).sort();
}

test('bashCompletion() completes subcommands, options, their values, services and files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-completion-'));
  try {
    writeFileSync(join(folder, 'pxectl.bash'), bashCompletion(TREE));
    expect(complete(folder, 'pxectl', 'st')).toEqual(['start', 'status', 'stop']);
    expect(complete(folder, 'pxectl', 'stop', '')).toEqual(['dhcp', 'http', 'tftp']);
    expect(complete(folder, 'pxectl', 'stop', '--json', 't')).toEqual(['tftp']);
    expect(complete(folder, 'pxectl', 'events', '--f')).toEqual(['--follow']);
    expect(complete(folder, 'pxectl', 'loaders', 'in')).toEqual(['install']);
    expect(complete(folder, 'pxectl', 'loaders', 'install', '--fo')).toEqual(['--force']);
    expect(complete(folder, 'pxectl', 'status', '--socket', 'px')).toEqual(['pxectl.bash']);
    expect(complete(folder, 'pxectl', 'check', 'px')).toEqual(['pxectl.bash']);
    expect(complete(folder, 'pxectl', 'events', '--machine', '')).toEqual([]);
    expect(complete(folder, 'pxectl', 'completion', '')).toEqual(['bash', 'fish', 'zsh']);
    expect(complete(folder, 'pxectl', 'nonsense', 'st')).toEqual(['start', 'status', 'stop']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  { shell: 'bash', script: bashCompletion(TREE) },
  { shell: 'zsh', script: zshCompletion(TREE) },
  { shell: 'fish', script: fishCompletion(TREE) },
])('$shell understands its completion', ({ shell, script }) => {
  expect(script).toContain('status');
  expect(script).toMatch(/loaders install/);
  const folder = mkdtempSync(join(tmpdir(), 'pxed-completion-'));
  const file = join(folder, 'script');
  writeFileSync(file, script);
  const { error, status, stderr } = spawnSync(shell, ['-n', file]);
  rmSync(folder, { recursive: true });
  // zsh and fish are not everywhere; where they are, they have the last word.
  if (error !== undefined && shell !== 'bash') return;
  expect([status, stderr.toString()]).toEqual([0, '']);
});
