import type { Command } from 'commander';
import { reportBoot, reportForget, reportMachines, reportWhy } from '../../app/machine-report.ts';
import { wholeNumber } from '../arguments.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

const MACHINE = 'its MAC, address or UUID';

/** `pxectl machines`, `why`, `boot`, `forget`: each hands its exit code to `end`. */
export function machineCommands(end: (code: number) => void): Command[] {
  return [
    controlCommand('machines')
      .summary('machines, and how far they came')
      .description('list the machines that were heard of, and how far their last boots came')
      .option('-n, --limit <count>', 'how many, those heard of last (default: 1000)', wholeNumber(1, 10_000))
      .addHelpText('after', EXIT_CODES)
      .action(async (options: ControlOptions & { limit?: number }) => {
        const question = { ...options, limit: options.limit ?? 1000, now: Date.now() };
        end(await withControl(options, (client, io) => reportMachines(client, question, io)));
      }),
    controlCommand('why')
      .summary('why a machine did not boot')
      .description(
        'say what became of a machine’s last boot, why, what to do about it, and every step that it took',
      )
      .argument('<machine>', MACHINE)
      .addHelpText('after', `${WHY_CODES}\n\nExample:   pxectl why 52:54:00:12:34:56\n`)
      .action(async (machine: string, options: ControlOptions) => {
        end(await withControl(options, (client, io) => reportWhy(client, { ...options, machine }, io)));
      }),
    bootCommand(end),
    controlCommand('forget')
      .summary('install a machine again')
      .description('forget what a machine has installed: it is offered again what is offered once')
      .argument('<machine>', MACHINE)
      .addHelpText('after', EXIT_CODES)
      .action(async (machine: string, options: ControlOptions) => {
        end(await withControl(options, (client, io) => reportForget(client, { ...options, machine }, io)));
      }),
  ];
}

const WHY_CODES =
  '\nExit code: 0 = it booted, or is booting, 1 = it did not, 2 = usage, 4 = no pxed is running there, 5 = not found';

type BootOptions = ControlOptions & { readonly once?: boolean; readonly clear?: boolean };

function bootCommand(end: (code: number) => void): Command {
  const command = controlCommand('boot')
    .summary('choose what a machine boots')
    .description(
      'choose the profile that a machine boots, whatever the configuration says; local is its own disk',
    )
    .argument('<machine>', MACHINE)
    .argument('[profile]', 'profile of the configuration, or local')
    .option('--once', 'for its next boot alone')
    .option('--clear', 'take back what was chosen')
    .addHelpText('after', `${EXIT_CODES}\n\nExample:   pxectl boot 52:54:00:12:34:56 install --once\n`);
  return command.action(async (machine: string, profile: string | undefined, options: BootOptions) => {
    const { once = false, clear = false } = options;
    if (clear === (profile !== undefined) || (clear && once)) {
      command.error('error: name a profile, or say --clear');
    }
    const wish = { ...options, machine, profile: profile ?? null, once };
    end(await withControl(options, (client, io) => reportBoot(client, wish, io)));
  });
}
