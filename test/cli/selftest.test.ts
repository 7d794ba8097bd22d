import { describe, expect, test } from 'vitest';
import { selftestCommand } from '../../src/cli/commands/selftest.ts';

describe('pxectl selftest', () => {
  /** What it ends with; `error` where the command line is refused before anything is done. */
  async function ask(words: readonly string[]): Promise<number | string> {
    let ended: number | string = 'nothing';
    const command = selftestCommand((code) => {
      ended = code;
    });
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    try {
      await command.parseAsync(['node', 'selftest', ...words]);
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown';
    }
    return ended;
  }

  test.each([
    ['--arch nonsense', /Expected one of bios/],
    ['--arch x64-eif', /Did you mean x64-efi/],
    ['--firmware coreboot', /Allowed choices/],
    ['--clients 0', /whole number/],
    ['--server nowhere', /IPv4/],
    ['--mac 1', /MAC/],
    ['surplus', /too many arguments/],
  ])('refuses %s in words', async (line, words) => {
    expect(await ask(line.split(' '))).toMatch(words);
  });

  test('ends with 2 where the options do not go together, with 1 where it cannot be tried', async () => {
    expect(await ask(['--relay', '10.0.0.1'])).toBe(2);
    expect(await ask(['--interface', 'nosuch0'])).toBe(1);
  });
});
