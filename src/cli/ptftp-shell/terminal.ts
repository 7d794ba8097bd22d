/** Commands typed at a prompt. */
import { readdirSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { PTFTP_EXIT } from '../ptftp-setup.ts';
import type { PtftpIo } from '../ptftp-transfer.ts';
import { complete } from './complete.ts';
import type { DrivenShell } from './create-shell.ts';
import { HISTORY_LINES, type History } from './history.ts';

const PROMPT = 'tftp> ';

export type Terminal = Pick<PtftpIo, 'input' | 'out'> & { readonly history: History };

/**
 * Reads commands with editing, history and completion until quit, Ctrl-D, or Ctrl-C twice. Gives the exit code.
 *
 * While a command runs the terminal is as programs without a prompt have it, so Ctrl-C is a signal, which ends the transfer; at the
 * prompt it is a key, which clears the line.
 */
export async function converse(shell: DrivenShell, { input, out, history }: Terminal): Promise<number> {
  const prompt = createInterface({
    input,
    output: out,
    prompt: PROMPT,
    terminal: true,
    history: history.lines,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, { listFolder, known: shell.state.known }),
  });
  const leaving = leaveOn(shell, { prompt, input, out });
  try {
    prompt.prompt();
    for await (const line of prompt) {
      history.add(line);
      // More was pasted, and is on the screen.
      if (prompt.line !== '') out.write('\n');
      await undisturbed(prompt, input, () => shell.runLine(line));
      leaving.calm();
      if (shell.state.over || leaving.code() !== undefined) break;
      // What was pasted behind the line stays, and the cursor behind it.
      prompt.prompt(true);
    }
    if (!shell.state.over) out.write('\n');
    return leaving.code() ?? PTFTP_EXIT.DONE;
  } finally {
    leaving.end();
    prompt.close();
  }
}

/** The terminal's line discipline while `work` goes on. What is typed meanwhile waits. */
async function undisturbed(prompt: Interface, input: PtftpIo['input'], work: () => Promise<unknown>) {
  let closed = false;
  const close = () => {
    closed = true;
  };
  prompt.once('close', close);
  prompt.pause();
  input.setRawMode(false);
  try {
    await work();
  } finally {
    prompt.off('close', close);
    if (!closed) {
      input.setRawMode(true);
      prompt.resume();
    }
  }
}

type Surface = Pick<PtftpIo, 'input' | 'out'> & { readonly prompt: Interface };
type Key = { readonly ctrl?: boolean; readonly name?: string };

/** Ctrl-C once is for what is under way or typed, twice for us; a signal from elsewhere is for us. */
function leaveOn(shell: DrivenShell, { prompt, input, out }: Surface) {
  let strokes = 0;
  let code: number | undefined;

  function leave(): void {
    code = PTFTP_EXIT.INTERRUPTED;
    if (!shell.interrupt()) prompt.close();
  }

  function hangUp(): void {
    // There is nobody left to read from.
    input.on('error', () => {});
    leave();
  }

  function interrupt(): void {
    if (++strokes > 1 || !shell.interrupt()) leave();
  }

  function calm(): void {
    strokes = 0;
  }

  function heed(_: unknown, { ctrl, name }: Key): void {
    if (!(ctrl && name === 'c')) calm();
  }

  prompt.on('SIGINT', () => {
    if (++strokes > 1) return leave();
    if (prompt.line !== '') return clear(prompt);
    out.write('\n(Ctrl-C again, Ctrl-D or quit leaves)\n');
    prompt.prompt();
  });
  // readline stops reading when it is brought back after Ctrl-Z.
  prompt.on('SIGCONT', () => prompt.prompt(true));
  input.on('keypress', heed);
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', leave);
  process.on('SIGHUP', hangUp);
  return {
    code: () => code,
    calm,
    end() {
      input.off('keypress', heed);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', leave);
      process.off('SIGHUP', hangUp);
    },
  };
}

function clear(prompt: Interface): void {
  prompt.write(null, { ctrl: true, name: 'e' });
  prompt.write(null, { ctrl: true, name: 'u' });
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).map((each) =>
      each.isDirectory() ? `${each.name}/` : each.name,
    );
  } catch {
    return [];
  }
}
