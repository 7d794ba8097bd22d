import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ARCH_NAMES } from '../../app/arch-names.ts';
import { EXIT } from '../../app/exit-codes.ts';
import {
  type DisableQuestion,
  type EnableQuestion,
  reportDisable,
  reportEnable,
  thisInstallation,
} from '../../app/start-at-boot.ts';
import { type Options, setupOf } from '../setup-of.ts';
import { toolCommand } from '../tools.ts';

type Given = Pick<EnableQuestion, 'root' | 'now' | 'program' | 'json'> & { readonly config?: string };

const USUAL_CONFIG = '/etc/pxed/pxed.yaml';
const EXIT_CODES = '\nExit code: 0 = it is so now, 1 = could not, 2 = usage or configuration';

/** `pxectl enable` and `disable`: each hands its exit code to `end`. */
export function startAtBootCommands(end: (code: number) => void): Command[] {
  const { stdout: out, stderr: err } = process;
  return [
    new Command('enable')
      .summary('start pxed at boot')
      .description('have systemd start pxed, with this configuration or command line, when the machine boots')
      .argument('[arguments...]', 'of pxed, behind --, as in: pxectl enable -- eth0 /tftp pxelinux.0')
      .option(
        '-c, --config <file>',
        `configuration of pxed (default: ${USUAL_CONFIG}, unless there are arguments)`,
      )
      .option('--now', 'start it now, too')
      .option('--root <folder>', 'an image that is put together there, in place of this system')
      .option('--program <path>', 'the pxed to start (default: this one)')
      .option('--json', 'print what was done as JSON')
      .addHelpText('after', EXIT_CODES)
      .action((args: string[], given: Given) => {
        const io = thisInstallation({ out, err });
        const asked = askedOf(args, given);
        if (!Array.isArray(asked)) {
          end(reportEnable(asked, io));
          return;
        }
        for (const problem of asked) err.write(`pxectl: ${problem}\n`);
        end(EXIT.USAGE);
      }),
    new Command('disable')
      .summary('do not start pxed at boot')
      .description('have systemd no longer start pxed when the machine boots')
      .option('--now', 'stop it now, too')
      .option('--root <folder>', 'an image that is put together there, in place of this system')
      .option('--json', 'print what was done as JSON')
      .allowExcessArguments(false)
      .addHelpText('after', EXIT_CODES)
      .action((question: DisableQuestion) => end(reportDisable(question, thisInstallation({ out, err })))),
  ];
}

/** The command line is read as pxed would read it: one with a mistake is not to be found out by the next boot. */
function askedOf(args: readonly string[], { config, ...given }: Given): EnableQuestion | string[] {
  const file = config ?? (args.length === 0 ? USUAL_CONFIG : undefined);
  const all = [
    ...(file === undefined ? [] : ['--config', given.root === undefined ? resolve(file) : file]),
    ...args,
  ];
  const pxed = toolCommand('pxed', '')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    pxed.parse(all, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      return [`pxed does not take that: ${error.message.replace(/^error: /, '')}`];
    throw error;
  }
  const setup = setupOf(
    { tool: 'pxed', positional: pxed.args, options: pxed.opts<Options>() },
    {
      readText: (path) => readFileSync(given.root === undefined ? path : join(given.root, path), 'utf8'),
      archNames: ARCH_NAMES,
    },
  );
  if (!setup.ok) return [...setup.problems];
  return { ...given, arguments: absolute(all, pxed.args), config: setup.value.config };
}

/** Options of pxed that name a file or a folder. */
const PATHS = /^(-c|--config|--state|--bootptab|--control)(?:=(.*))?$/;
/** Words that such an option takes in place of one. */
const NO_PATH: ReadonlySet<string> = new Set(['memory', 'off']);

/** systemd starts it in `/`: what is named from where one stands is named whole. */
function absolute(all: readonly string[], [, root]: readonly string[]): string[] {
  const whole = (path: string) => (NO_PATH.has(path) ? path : resolve(path));
  return all.map((word, at) => {
    const [, option, value] = PATHS.exec(word) ?? [];
    if (option !== undefined && value !== undefined) return `${option}=${whole(value)}`;
    return word === root || PATHS.test(all[at - 1] ?? '') ? whole(word) : word;
  });
}
