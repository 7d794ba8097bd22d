import { readFileSync } from 'node:fs';
import { ARCH_NAMES } from '../app/arch-names.ts';
import { EXIT } from '../app/exit-codes.ts';
import { packageVersion } from '../app/package-version.ts';
import { serve } from '../app/serve.ts';
import type { Tool } from '../app/setup.ts';
import { leave } from './leave.ts';
import { type CommandLine, type Options, setupOf } from './setup-of.ts';
import { toolCommand } from './tools.ts';

/** Runs one of the serving commands with this process's arguments, and ends the process with its exit code. */
export async function main(tool: Tool): Promise<void> {
  const version = packageVersion();
  const command = toolCommand(tool, version);
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.OK : EXIT.USAGE));
  command.parse();
  const line: CommandLine = { tool, positional: command.args, options: command.opts<Options>() };
  // A log that nobody reads any more must not end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { config: configFile } = line.options;
  const read = (text?: string) =>
    setupOf(line, {
      readText: (file) => (file === configFile && text !== undefined ? text : readFileSync(file, 'utf8')),
      archNames: ARCH_NAMES,
    });
  const setup = read();
  if (!setup.ok) {
    for (const problem of setup.problems) process.stderr.write(`${tool}: ${problem}\n`);
    process.exit(EXIT.USAGE);
  }
  const { stdout: out, stderr: err } = process;
  leave(
    await serve(setup.value, {
      version,
      reload: read,
      ...(configFile !== undefined && { configFile }),
      out,
      err,
    }),
  );
}
