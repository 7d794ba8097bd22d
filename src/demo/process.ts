import { type ChildProcess, spawn } from 'node:child_process';
import { createLines } from './screen.ts';

export type RunningOptions = {
  /** Descriptor that becomes number 3 of the child. */
  readonly handOver?: number;
  readonly onLine: (line: string) => void;
};

/** A child process whose output arrives in lines. */
export type Running = {
  /** The exit code, or 128 and the signal's number as in a shell; -1 when it could not start. */
  readonly ended: Promise<number>;
  /** SIGTERM, then SIGKILL when it is still there after `graceMs`. Returns when it has gone. */
  stop(graceMs: number): Promise<void>;
};

/** Starts `program`; a failure to start is told as a line. */
export function startProcess(program: string, args: readonly string[], options: RunningOptions): Running {
  const stdio = ['ignore', 'pipe', 'pipe', ...(options.handOver === undefined ? [] : [options.handOver])] as (
    | 'ignore'
    | 'pipe'
    | number
  )[];
  const child = spawn(program, args, { stdio });
  for (const stream of [child.stdout, child.stderr]) {
    const lines = createLines(options.onLine);
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => lines.push(text));
    stream?.on('end', () => lines.end());
  }
  const ended = endOf(child, options.onLine);
  return {
    ended,
    async stop(graceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** After `close`, so that its last words were told before. */
function endOf(child: ChildProcess, onLine: (line: string) => void): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onLine(error.message);
      resolve(-1);
    });
    child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : -1)));
  });
}
