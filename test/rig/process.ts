/**
 * Child processes of the rigs: run one to its end, or start a server and wait for a line of its output.
 * Everything is bounded: a command that does not end is killed and the error shows what it printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export type Command = readonly [string, ...string[]];

export type RunOptions = {
  /** Name of the network namespace to run in; the machine's own when absent. */
  netns?: string;
  cwd?: string;
  env?: Record<string, string>;
  /** Written to standard input, which is closed after it. */
  input?: string | Uint8Array;
  /** Milliseconds until the command is killed and the promise rejects (default 30,000). */
  timeoutMs?: number;
};

export type Finished = { code: number | null; stdout: string; stderr: string };

export type Running = {
  readonly pid: number;
  /**
   * Standard output and standard error so far, interleaved as they came, without terminal control: a BIOS moves
   * the cursor in the middle of a word.
   */
  output(): string;
  /** The first match of `pattern` in the output, past or future. Rejects at the bound or when the process ends. */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Resolves with the exit code (null: killed by a signal). */
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  write(text: string): void;
  /** SIGTERM, after `graceMs` (default 3,000) SIGKILL; resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
};

function within(netns: string | undefined, argv: Command): Command {
  return netns === undefined ? argv : ['ip', 'netns', 'exec', netns, ...argv];
}

/** Runs `argv` to its end; the exit code is the caller's to judge. Rejects when it cannot start or times out. */
export function run(argv: Command, options: RunOptions = {}): Promise<Finished> {
  const [file, ...args] = within(options.netns, argv);
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined); // a command that reads nothing may close its end first
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? 30_000;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Cannot finish ${argv.join(' ')}: ${timeoutMs} ms are over\n${stdout}${stderr}`));
    }, timeoutMs);
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`Cannot start ${argv.join(' ')}`, { cause }));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** As `run`, but a command that fails rejects with what it printed. Resolves with its standard output. */
export async function must(argv: Command, options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) throw new Error(`Cannot ${argv.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

type StartOptions = Omit<RunOptions, 'timeoutMs' | 'input'> & {
  /** A file that gets a copy of the output. */
  logFile?: string;
};

/** Starts a long-running command. The caller stops it, or the lab does when it closes. */
export function start(argv: Command, options: StartOptions = {}): Running {
  const [file, ...args] = within(options.netns, argv);
  const child: ChildProcess = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
  });
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile);
  const watchers = new Set<() => void>();
  let raw = '';
  let plain: string | undefined;
  let ended = false;
  function output(): string {
    plain ??= stripVTControlCharacters(raw);
    return plain;
  }
  function take(chunk: string): void {
    raw += chunk;
    plain = undefined;
    log?.write(chunk, 'latin1');
    for (const watcher of watchers) watcher();
  }
  child.stdout?.setEncoding('latin1').on('data', take);
  child.stderr?.setEncoding('latin1').on('data', take);
  child.stdin?.on('error', () => undefined);
  // A descendant may hold the pipes open after the process itself is gone: `close` then comes later than `exit`.
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      take(`${error.message}\n`);
      ended = true;
      resolve(null);
    });
    child.once('close', (code) => {
      ended = true;
      log?.end();
      resolve(code);
      for (const watcher of watchers) watcher();
    });
  });

  function waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(`${timeoutMs} ms are over`), timeoutMs);
      function finish(why?: string): void {
        clearTimeout(timer);
        watchers.delete(look);
        if (why !== undefined) {
          reject(new Error(`Cannot see ${pattern} from ${argv.join(' ')}: ${why}\n${output().slice(-6000)}`));
        }
      }
      function look(): void {
        const match = pattern.exec(output());
        if (match !== null) {
          finish();
          resolve(match);
        } else if (ended) {
          finish('the process has ended');
        }
      }
      watchers.add(look);
      look();
    });
  }

  async function stop(graceMs = 3_000): Promise<void> {
    if (ended) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await Promise.race([gone, exited]);
    clearTimeout(timer);
  }

  return {
    pid: child.pid ?? -1,
    output,
    waitFor,
    exited,
    signal: (name) => void child.kill(name),
    write: (line) => void child.stdin?.write(line),
    stop,
  };
}
