import { vi } from 'vitest';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';

export type Said = { readonly code: number | undefined; readonly out: string; readonly err: string };

/** Runs a command line of pxectl in this process: what it printed, and its exit code (2 for what commander refuses). */
export async function pxectl(...words: string[]): Promise<Said> {
  let code: number | undefined;
  const [out, err]: [string[], string[]] = [[], []];
  const into = (texts: string[]) => (text: unknown) => {
    texts.push(typeof text === 'string' ? text : Buffer.from(text as Uint8Array).toString());
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(into(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(into(err)),
  ];
  const command = pxectlCommand('1.2.3', (given) => {
    code = given;
  });
  for (const one of withSubcommands(command)) one.exitOverride();
  try {
    await command.parseAsync(['node', 'pxectl', ...words]);
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    code = error.exitCode === 0 ? 0 : 2;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { code, out: out.join(''), err: err.join('') };
}
