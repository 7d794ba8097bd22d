import { TftpError } from '../../lib/tftp-error.ts';
import type { Terms } from '../../tftp-client/face.ts';
import { resolveHost } from '../../tftp-client/resolve-host.ts';
import { PTFTP_EXIT, type PtftpSetup } from '../ptftp-setup.ts';
import { describeTerms, exitCode, type PtftpIo, transfer } from '../ptftp-transfer.ts';
import { CommandProblem, type Shell, type ShellState } from './command.ts';
import { findCommand } from './commands.ts';
import { splitLine } from './words.ts';

/** A shell and who drives it. */
export type DrivenShell = Shell & {
  /** Does one command. Gives its exit code; what went wrong has been said. */
  runLine(line: string): Promise<number>;
  runWords(words: readonly string[]): Promise<number>;
  /** Ends the command under way, if there is one. */
  interrupt(): boolean;
};

/** Holds the settings, and does commands. */
export function createShell(setup: PtftpSetup, io: PtftpIo): DrivenShell {
  const { mode, ...transferOptions } = setup.transfer;
  const state: ShellState = {
    host: undefined,
    port: setup.port,
    transfer: mode === undefined ? transferOptions : { ...transferOptions, mode },
    verbose: setup.verbose,
    trace: setup.verbose,
    literal: false,
    known: new Set(),
    over: false,
  };
  let running: AbortController | undefined;
  const complain = (text: string) => void io.err.write(`${text}\n`);

  const shell: Shell = {
    state,
    say: (line) => void io.out.write(`${line}\n`),
    async connect({ host, port }) {
      await resolveHost(host);
      state.host = host;
      state.port = port;
    },
    async transfer(job, { force }) {
      const { code } = await transfer(setupFor(setup, { state, io, force: force || setup.force }), job, {
        io,
        signal: running!.signal,
        complain: (error) => complain(`${error.message}${hint(error)}`),
      });
      if (code === PTFTP_EXIT.DONE) state.known.add(job.file);
      return code;
    },
  };

  async function runWords([name, ...words]: readonly string[]): Promise<number> {
    if (name === undefined) return PTFTP_EXIT.DONE;
    running = new AbortController();
    try {
      return await findCommand(name).run(shell, words);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      complain((error as Error).message);
      return code;
    } finally {
      running = undefined;
    }
  }

  return {
    ...shell,
    runWords,
    async runLine(line) {
      const words = splitLine(line);
      if (words.ok) return runWords(words.value);
      complain('A quote is not closed');
      return PTFTP_EXIT.USAGE;
    },
    interrupt() {
      running?.abort();
      return running !== undefined;
    },
  };
}

type Now = { readonly state: ShellState; readonly io: PtftpIo; readonly force: boolean };

/** What one transfer begins with. */
function setupFor(setup: PtftpSetup, { state, io, force }: Now): PtftpSetup {
  return {
    ...setup,
    force,
    // Packets have been asked for one by one here.
    verbose: false,
    progress: state.trace ? false : setup.progress,
    transfer: {
      ...state.transfer,
      ...(state.verbose && { onTerms: (terms: Terms) => io.err.write(`${describeTerms(terms)}\n`) }),
      ...(state.trace && { onTrace: (line: string) => io.err.write(`${line}\n`) }),
    },
  };
}

/** undefined: a fault of ours. */
function codeOf(error: unknown): number | undefined {
  if (error instanceof TftpError) return exitCode(error);
  if (error instanceof CommandProblem || error instanceof RangeError) return PTFTP_EXIT.USAGE;
  return undefined;
}

function hint({ reason }: TftpError): string {
  return reason === 'local-exists' ? '; get -f replaces it' : '';
}
