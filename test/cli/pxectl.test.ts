import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';

test('pxectl has a rescue command, and hands its exit code on', async () => {
  const codes: number[] = [];
  const command = pxectlCommand('1.2.3', (code) => codes.push(code));
  await command.parseAsync(['node', 'pxectl', 'rescue', '/nowhere/at/all']);
  expect(codes).toEqual([1]);
});

test('pxectl check and pxectl loaders install hand their exit codes on', async () => {
  const root = mkdtempSync(join(tmpdir(), 'pxed-pxectl-'));
  const codes: number[] = [];
  try {
    for (const words of [
      ['check', '--user', 'root', root],
      ['check', '--json', join(root, 'nowhere')],
      ['loaders', 'install', root, '--arch', 'nonsense'],
    ]) {
      await pxectlCommand('1.2.3', (code) => codes.push(code)).parseAsync(['node', 'pxectl', ...words]);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  expect(codes).toEqual([0, 1, 2]);
});

test('withSubcommands() has every command, however deep', () => {
  const names = withSubcommands(pxectlCommand('1.2.3', () => {})).map((one) => one.name());
  expect(names).toEqual(expect.arrayContaining(['pxectl', 'rescue', 'check', 'loaders', 'install']));
});

test('pxectl takes nothing it does not know', async () => {
  const command = pxectlCommand('1.2.3', () => {});
  const said: string[] = [];
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });
  }
  await expect(command.parseAsync(['node', 'pxectl', 'rescue', 'a', 'b'])).rejects.toThrow(
    /too many arguments/,
  );
  await expect(command.parseAsync(['node', 'pxectl', 'mend'])).rejects.toThrow(/unknown command/);
  expect(said.join('')).toContain('pxectl --help shows how it is used');
});

test('pxectl render refuses what is no MAC, UUID or architecture', async () => {
  const usual = ['--name', 'boot.ipxe', '-c', 'pxed.yaml'];
  for (const wrong of [
    ['--mac', '52:54'],
    ['--mac', '52:54:00:12:34:56', '--uuid', 'x'],
    ['--mac', '52:54:00:12:34:56', '--arch', 'vax'],
  ]) {
    const command = pxectlCommand('1.2.3', () => {});
    const render = command.commands.find((one) => one.name() === 'render')!;
    render.exitOverride().configureOutput({ writeErr: () => {} });
    await expect(command.parseAsync(['node', 'pxectl', 'render', ...usual, ...wrong])).rejects.toThrow(
      /Expected/,
    );
  }
});
