import { Command } from 'commander';
import { EXIT } from '../app/exit-codes.ts';
import { packageVersion } from '../app/package-version.ts';
import { rescue } from '../app/rescue.ts';
import { captureCommand } from './commands/capture.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventsCommand } from './commands/events.ts';
import { filesCommand } from './commands/files.ts';
import { leasesCommand } from './commands/leases.ts';
import { loadersCommand } from './commands/loaders.ts';
import { machineCommands } from './commands/machines.ts';
import { renderCommand } from './commands/render.ts';
import { replayCommand } from './commands/replay.ts';
import { selftestCommand } from './commands/selftest.ts';
import { serviceCommands } from './commands/services.ts';
import { simulateCommand } from './commands/simulate.ts';
import { startAtBootCommands } from './commands/start-at-boot.ts';

/** `pxectl`: what is done to a pxed from outside. Each subcommand hands its exit code to `end`. */
export function pxectlCommand(version: string, end: (code: number) => void): Command {
  const command = new Command('pxectl')
    .description('Operates a pxed that runs; checks and fills boot roots, tells what machines would get')
    .version(version, '-V, --version')
    .helpOption('--help', 'show this help');
  command
    .command('rescue')
    .summary('make damaged leases usable again')
    .description(
      'make damaged leases and boot progress usable again: save every record that can be read, keep the damaged file',
    )
    .argument('[folder]', 'state folder of pxed (default: the usual one)')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 = both are sound now, 1 = could not (pxed runs, for one), 2 = usage',
    )
    .action(async (folder: string | undefined) => {
      const { stdout: out, stderr: err } = process;
      end(await rescue(folder, { out, err, now: () => new Date() }));
    });
  const commands = [
    ...serviceCommands(end),
    eventsCommand(end),
    filesCommand(end),
    ...machineCommands(end),
    configCommand(end),
    leasesCommand(end),
    captureCommand(end),
    doctorCommand(end),
    checkCommand(end),
    loadersCommand(end),
    renderCommand(end),
    selftestCommand(end),
    simulateCommand(end),
    replayCommand(end),
    ...startAtBootCommands(end),
    completionCommand(command, end),
  ];
  for (const one of commands) {
    command.addCommand(one);
    for (const each of withSubcommands(one)) each.copyInheritedSettings(command);
  }
  for (const one of withSubcommands(command)) {
    one.showHelpAfterError(`(${nameOf(one)} --help shows how it is used)`);
  }
  return command;
}

/** `pxectl loaders install`. */
function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

/** A command and all below it. */
export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Runs this process's command line, and ends the process with its exit code. */
export async function main(): Promise<void> {
  // `pxectl events -f | head`: whoever reads no more has what he wanted.
  process.stdout.on('error', () => process.exit(EXIT.OK));
  const command = pxectlCommand(packageVersion(), (code) => process.exit(code));
  for (const one of withSubcommands(command)) {
    one.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.OK : EXIT.USAGE));
  }
  await command.parseAsync();
}
