import { spawnSync } from 'node:child_process';
import { type Distribution, findProgram } from './parts.ts';

/** A command line as spawn takes it. */
export type Command = readonly [program: string, ...args: string[]];

/** What installs `packages`; `asRoot` is false for a user who needs sudo for it. */
export function installCommands(
  packages: readonly string[],
  distribution: Distribution,
  asRoot: boolean,
): Command[] {
  const commands: Command[] =
    distribution === 'fedora'
      ? [['dnf', 'install', '--assumeyes', ...packages]]
      : [
          ['apt-get', 'update'],
          ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages],
        ];
  return asRoot ? commands : commands.map((command): Command => ['sudo', ...command]);
}

/** Installs, showing what the package manager says. Returns undefined, or what went wrong. */
export function install(packages: readonly string[], distribution: Distribution): string | undefined {
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && findProgram('sudo') === undefined) return 'neither root nor sudo is at hand';
  for (const [program, ...args] of installCommands(packages, distribution, asRoot)) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status, error } = spawnSync(program, args, { stdio: 'inherit', env });
    if (error) return error.message;
    if (status !== 0) return `${[program, ...args].join(' ')} ended with exit code ${status}`;
  }
  return undefined;
}
