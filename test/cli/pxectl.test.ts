import { expect, test } from 'vitest';
import { pxectlCommand } from '../../src/cli/pxectl.ts';

test('pxectl has a rescue command, and hands its exit code on', async () => {
  const codes: number[] = [];
  const command = pxectlCommand('1.2.3', (code) => codes.push(code));
  await command.parseAsync(['node', 'pxectl', 'rescue', '/nowhere/at/all']);
  expect(codes).toEqual([1]);
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
