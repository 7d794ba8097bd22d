import { Command, Option } from 'commander';
import { type ControlClient, createControlClient, USUAL_SOCKET } from '../../app/control-client.ts';
import { type ReportIo, reportControl } from '../../app/control-report.ts';

/** What every command that speaks to a pxed takes. */
export type ControlOptions = { readonly socket: string; readonly json?: boolean };

/** A command of pxectl that speaks to a pxed that runs: `--socket` and `--json` are there already. */
export function controlCommand(name: string): Command {
  return new Command(name)
    .allowExcessArguments(false)
    .addOption(
      new Option('--socket <path>', 'control socket of the pxed').default(USUAL_SOCKET).env('PXED_SOCKET'),
    )
    .option('--json', 'print JSON');
}

/** Speaks to it, and resolves to the exit code; see {@link reportControl}. */
export function withControl(
  { socket }: Pick<ControlOptions, 'socket'>,
  act: (client: ControlClient, io: ReportIo) => Promise<number | undefined>,
): Promise<number> {
  const { stdout: out, stderr: err } = process;
  const io = { out, err };
  return reportControl(io, () => act(createControlClient({ socket }), io));
}

/** The line below --help that tells the exit codes of all of them. */
export const EXIT_CODES =
  '\nExit code: 0 = done, 1 = could not, 2 = usage, 4 = no pxed is running there, 5 = not found';
