/** A program on a terminal that a person types at: tmux holds the terminal, and shows what is on it. */
import { type Command, must, run } from './process.ts';
import { command, type Need } from './requirement.ts';

export const tmux: Need = command('tmux', 'tmux');

export type TerminalSpec = {
  /** The socket of a tmux of its own. */
  readonly socket: string;
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

/** Starts `argv` in a terminal of 100 columns. Its exit code is shown as `[exit 0]`. */
export async function openTmux(
  argv: Command,
  { socket, netns, cwd, env = {} }: TerminalSpec,
): Promise<TmuxTerminal> {
  const tmuxDo = (...words: string[]) => must(['tmux', '-S', socket, ...words], { netns });
  const words = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const line = `${words}; echo "[exit $?]"; exec sleep 1000`;
  const settings = Object.entries({ ...env, TERM: 'screen' }).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ]);
  await run(
    [
      'tmux',
      '-S',
      socket,
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '40',
      ...settings,
      '-c',
      cwd,
      'sh',
      '-c',
      line,
    ],
    { netns },
  );
  return {
    text: async () => (await tmuxDo('capture-pane', '-p', '-J', '-S', '-')).replace(/ +$/gm, '').trimEnd(),
    type: async (text) => void (await tmuxDo('send-keys', '-l', text)),
    press: async (...keys) => void (await tmuxDo('send-keys', ...keys)),
    close: async () => void (await run(['tmux', '-S', socket, 'kill-server'], { netns })),
  };
}
