import { createInterface } from 'node:readline';
import { TftpError } from '../lib/tftp-error.ts';
import { PTFTP_EXIT, type PtftpSetup } from './ptftp-setup.ts';
import { connectedTo } from './ptftp-shell/commands.ts';
import { createShell, type DrivenShell } from './ptftp-shell/create-shell.ts';
import { type PtftpIo, SIGNALS } from './ptftp-transfer.ts';

/**
 * Reads commands and does them: those of `-c`, of a terminal, or of standard input, line by line. Gives the exit code
 * (PTFTP_EXIT): of the command; of leaving the prompt; 1 when any command of standard input failed.
 */
export async function shell(setup: PtftpSetup, io: PtftpIo): Promise<number> {
  if (setup.verify !== undefined) {
    io.err.write('ptftp: --verify goes with one transfer\n');
    return PTFTP_EXIT.USAGE;
  }
  const driven = createShell(setup, io);
  const here = await begin(driven, setup, io);
  if (setup.command !== undefined) return here || uninterrupted(driven, (run) => run(setup.command!));
  if (!io.input.isTTY || !io.out.isTTY) return readCommands(driven, io, here);
  const [{ converse }, { historyPath, openHistory }] = await Promise.all([
    import('./ptftp-shell/terminal.ts'),
    import('./ptftp-shell/history.ts'),
  ]);
  if (!setup.quiet && here === PTFTP_EXIT.DONE) driven.say(connectedTo(driven));
  const history = openHistory(historyPath(process.env));
  return converse(driven, { input: io.input, out: io.out, history });
}

/** A host that is not there is no reason to leave: there is `connect`. */
async function begin(shell: DrivenShell, { host = 'localhost', port }: PtftpSetup, { err }: PtftpIo) {
  try {
    await shell.connect({ host, port });
    return PTFTP_EXIT.DONE;
  } catch (error) {
    if (!(error instanceof TftpError)) throw error;
    err.write(`ptftp: ${error.message}\n`);
    return PTFTP_EXIT.FAILED;
  }
}

/** From a pipe or a file: no prompt, and each line is done though one before it failed. */
async function readCommands(shell: DrivenShell, { input }: PtftpIo, here: number): Promise<number> {
  return uninterrupted(shell, async (run) => {
    let code = here;
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const ended = await run(line);
      if (ended === PTFTP_EXIT.INTERRUPTED) return ended;
      if (ended !== PTFTP_EXIT.DONE) code = PTFTP_EXIT.FAILED;
      if (shell.state.over) break;
    }
    return code;
  });
}

type Run = (command: string | readonly string[]) => Promise<number>;

/** A signal ends the transfer under way, and no command comes after it. */
async function uninterrupted(shell: DrivenShell, work: (run: Run) => Promise<number>): Promise<number> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    // Nothing to end properly.
    if (!shell.interrupt()) process.exit(PTFTP_EXIT.INTERRUPTED);
  };
  for (const each of SIGNALS) process.on(each, interrupt);
  try {
    return await work(async (command) => {
      const code = await (typeof command === 'string' ? shell.runLine(command) : shell.runWords(command));
      return interrupted ? PTFTP_EXIT.INTERRUPTED : code;
    });
  } finally {
    for (const each of SIGNALS) process.off(each, interrupt);
  }
}
