import { Command } from 'commander';
import { editConfig, runEditor } from '../../app/config-editor.ts';
import { liveConfigPlace } from '../../app/config-live.ts';
import { type ConfigPlace, configFilePlace } from '../../app/config-place.ts';
import {
  existingFilePlace,
  reportChange,
  reportCheck,
  reportConfig,
  reportSchema,
  reportValue,
  wishesOf,
} from '../../app/config-report.ts';
import { ControlProblem } from '../../app/control-client.ts';
import type { ReportIo } from '../../app/control-report.ts';
import { askAgain } from '../ask.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

export type PlaceOptions = ControlOptions & { readonly config?: string };
type ChangeOptions = PlaceOptions & { readonly force?: boolean; readonly apply: boolean };

/** A command that works on the configuration of a pxed that runs, or on a file. */
export function placeCommand(name: string): Command {
  return controlCommand(name).option('-c, --config <file>', 'a configuration file, instead of asking a pxed');
}

/** Finds the configuration that is meant, and hands it to `act`; resolves to the exit code. */
export function withPlace(
  options: PlaceOptions,
  act: (place: ConfigPlace, io: ReportIo) => Promise<number>,
): Promise<number> {
  return withControl(options, async (client, io) => {
    if (options.config !== undefined) return act(configFilePlace(options.config), io);
    try {
      return await act(liveConfigPlace(client), io);
    } catch (error) {
      if (!(error instanceof ControlProblem) || error.code !== 'no-pxed') throw error;
      throw new ControlProblem('no-pxed', `${error.message}; name its file instead: --config`, {
        cause: error,
      });
    }
  });
}

/** `pxectl config`: each subcommand hands its exit code to `end`. */
export function configCommand(end: (code: number) => void): Command {
  const command = new Command('config')
    .summary('see and change the configuration')
    .description('see, check and change the configuration: of a pxed that runs, or a file');
  for (const one of [...readingCommands(end), ...changingCommands(end)]) {
    command.addCommand(one.addHelpText('after', EXIT_CODES));
  }
  return command;
}

function readingCommands(end: (code: number) => void): Command[] {
  return [
    placeCommand('show')
      .summary('print it')
      .description('print the configuration file as it is, or what is in force')
      .option('--effective', 'what is in force, with all defaults and the command line')
      .action(async (options: PlaceOptions & { readonly effective?: boolean }) => {
        end(await withPlace(options, (place, io) => reportConfig(place, options, io)));
      }),
    placeCommand('get')
      .summary('print one value of it')
      .description('print a value that is in force, its default where nothing is said')
      .argument('<path>', 'where it stands, like tftp.port or networks[0].range')
      .action(async (path: string, options: PlaceOptions) => {
        end(await withPlace(options, (place, io) => reportValue(place, { ...options, path }, io)));
      }),
    placeCommand('check')
      .summary('list its mistakes')
      .description('list every mistake of the configuration, each with its line')
      .argument('[file]', 'a file (default: that of the pxed that runs)')
      .action(async (file: string | undefined, options: PlaceOptions) => {
        const named = file ?? options.config;
        const check = (place: ConfigPlace, io: ReportIo) => reportCheck(place, options, io);
        end(
          await (named === undefined
            ? withPlace(options, check)
            : withControl(options, async (_, io) => check(existingFilePlace(named), io))),
        );
      }),
    new Command('schema')
      .summary('print its JSON Schema')
      .description('print the JSON Schema of configuration files, for editors; no pxed has to run')
      .allowExcessArguments(false)
      .option('--json', 'as it is anyway')
      .action(() => end(reportSchema({ out: process.stdout }))),
  ];
}

function changingCommands(end: (code: number) => void): Command[] {
  const changing = (name: string) =>
    placeCommand(name)
      .option('--force', 'although somebody else edits it')
      .option('--no-apply', 'save it, and leave what is in force as it is');
  const change = (options: ChangeOptions, ask: () => Parameters<typeof reportChange>[1]) =>
    withPlace(options, (place, io) => {
      const { json, force, apply } = options;
      const more = { ...(json !== undefined && { json }), ...(force !== undefined && { force }), apply };
      return reportChange(place, { ...ask(), ...more }, io);
    });
  return [
    changing('set')
      .summary('change values')
      .description('change values, save what changed with all comments as they are, and put it in force')
      .argument('<path>', 'where it stands, like tftp.port; networks[+] adds one')
      .argument('<value>', 'a word, a number or JSON')
      .argument('[more...]', 'further paths and values; all are set, or none')
      .addHelpText('after', EXAMPLES)
      .action(async (path: string, value: string, more: string[], options: ChangeOptions) => {
        end(await change(options, () => ({ set: wishesOf([path, value, ...more]) })));
      }),
    changing('unset')
      .summary('leave values to their defaults')
      .description('take values out of the configuration, save it, and put it in force')
      .argument('<path...>', 'where they stand')
      .action(async (paths: string[], options: ChangeOptions) => {
        end(await change(options, () => ({ unset: paths })));
      }),
    placeCommand('edit')
      .summary('open it in an editor')
      .description('open the configuration in $VISUAL or $EDITOR; what is saved there is checked first')
      .option('--force', 'although somebody else edits it')
      .action(async (options: PlaceOptions & { readonly force?: boolean }) => {
        const edit = (file: string) => runEditor(file, process.env);
        end(
          await withPlace(options, (place, io) =>
            editConfig(place, options, { ...io, edit, again: askAgain }),
          ),
        );
      }),
  ];
}

const EXAMPLES = `
Examples:  pxectl config set tftp.port 1069
           pxectl config set 'networks[0].range' '["10.0.0.10-10.0.0.99"]'
           pxectl config set 'hosts[+]' '{"mac": "52:54:00:12:34:56"}'
`;
