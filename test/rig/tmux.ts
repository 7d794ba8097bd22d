/** A program on a terminal that a person types at: tmux holds the terminal, and shows what is on it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Command, must, run } from './process.ts';
import { command, type Need } from './requirement.ts';

export const tmux: Need = command('tmux', 'tmux');

export type TerminalSpec = {
  /** Where the socket of a tmux of its own may lie. */
  readonly folder: string;
  readonly netns: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
};

export type TmuxTerminal = {
  /** What is on the screen and above it, without blanks at the ends of lines. */
  text(): Promise<string>;
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: `Enter`, `Tab`, `C-c`, `Up`. */
  press(...keys: string[]): Promise<void>;
  /** Ends the program's terminal, as a connection that breaks does. */
  close(): Promise<void>;
};

const SIZE = ['-x', '100', '-y', '40'] as const;

/** Job control as a shell has it: a program stopped by Ctrl-Z comes back with Enter. 148 is 128 and SIGTSTP. */
const SCRIPT = `set -m
"$@"
code=$?
while [ $code = 148 ]; do
  echo "[stopped]"
  read -r
  fg >/dev/null
  code=$?
done
echo "[exit $code]"
exec sleep 1000`;

/** Starts `argv` in a terminal of 100 columns. Its exit code is shown as `[exit 0]`; `[stopped]` waits for Enter. */
export async function openTmux(argv: Command, spec: TerminalSpec): Promise<TmuxTerminal> {
  const { netns, cwd, env = {} } = spec;
  // One that is told to end still listens for a moment.
  const socket = join(spec.folder, `tmux-${randomUUID()}`);
  const tmuxDo = (...words: string[]) => must(['tmux', '-S', socket, ...words], { netns });
  const settings = Object.entries({ ...env, TERM: 'screen' });
  await must(['tmux', '-S', socket, '-f', '/dev/null', ...startOf(cwd, settings), SCRIPT, 'bash', ...argv], {
    netns,
  });
  return {
    text: async () => (await tmuxDo('capture-pane', '-p', '-J', '-S', '-')).replace(/ +$/gm, '').trimEnd(),
    type: async (text) => void (await tmuxDo('send-keys', '-l', text)),
    press: async (...keys) => void (await tmuxDo('send-keys', ...keys)),
    close: async () => void (await run(['tmux', '-S', socket, 'kill-server'], { netns })),
  };
}

function startOf(cwd: string, settings: readonly (readonly [string, string])[]): readonly string[] {
  const env = settings.flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  return ['new-session', '-d', ...env, '-c', cwd, ...SIZE, 'bash', '-c'];
}
