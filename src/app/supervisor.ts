import type { Emit } from '../events/event.ts';
import type { Task } from './task.ts';

/**
 * Runs tasks side by side; one that fails takes no other along.
 *
 * A failed task is run again after a pause that doubles from `backoffMs` to `backoffMostMs`; one that served for
 * `periodMs` starts from the short pause again. More than `failuresMost` failures of one task within `periodMs` stop
 * everything, and `run` resolves to 'failed' (exit code 3). An abort of `signal` stops the tasks; `run` then resolves
 * to 'stopped' when the last one has drained, at the latest after `drainMs`.
 */
export type SupervisorOptions = {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Called once, when every task has been ready. */
  readonly onReady?: () => void;
  readonly timing?: Partial<SupervisorTiming>;
};

export type SupervisorTiming = {
  readonly backoffMs: number;
  readonly backoffMostMs: number;
  readonly failuresMost: number;
  readonly periodMs: number;
  readonly drainMs: number;
};

export type Outcome = 'stopped' | 'failed';

const TIMING: SupervisorTiming = {
  backoffMs: 250,
  backoffMostMs: 10_000,
  failuresMost: 5,
  periodMs: 60_000,
  drainMs: 10_000,
};

/** Resolves when everything has stopped; never rejects. */
export async function supervise(tasks: readonly Task[], options: SupervisorOptions): Promise<Outcome> {
  const timing = { ...TIMING, ...options.timing };
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  const waiting = new Set(tasks.map((task) => task.name));
  const onReady = (name: string) => {
    if (waiting.delete(name) && waiting.size === 0) options.onReady?.();
  };
  const loops = tasks.map((task) => keepRunning(task, { ...options, signal, timing, onReady, giveUp }));
  await Promise.race([Promise.all(loops), drained(signal, timing.drainMs)]);
  return giveUp.signal.aborted ? 'failed' : 'stopped';
}

type Keeping = {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly timing: SupervisorTiming;
  readonly onReady: (name: string) => void;
  readonly giveUp: AbortController;
};

async function keepRunning(task: Task, keeping: Keeping): Promise<void> {
  const { emit, signal, timing } = keeping;
  let failures: number[] = [];
  while (!signal.aborted) {
    try {
      await task.run({
        signal,
        ready: (detail) => {
          emit({ type: 'service.ready', service: task.name, ...(detail === undefined ? {} : { detail }) });
          keeping.onReady(task.name);
        },
      });
      if (!signal.aborted) throw new Error('ended although nobody asked it to');
      emit({ type: 'service.stopped', service: task.name });
      return;
    } catch (error) {
      const now = performance.now();
      failures = [...failures.filter((at) => now - at < timing.periodMs), now];
      const detail = error instanceof Error ? error.message : String(error);
      if (signal.aborted || failures.length > timing.failuresMost) {
        emit({ type: 'service.failed', service: task.name, detail });
        if (!signal.aborted) keeping.giveUp.abort();
        return;
      }
      const pauseMs = Math.min(timing.backoffMs * 2 ** (failures.length - 1), timing.backoffMostMs);
      emit({ type: 'service.failed', service: task.name, detail, restartInMs: pauseMs });
      await pause(pauseMs, signal);
    }
  }
}

/** Resolves after `ms`, or as soon as `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** Resolves `ms` after `signal` aborted: a task that does not drain is left behind. */
function drained(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const start = () => setTimeout(resolve, ms).unref();
    if (signal.aborted) start();
    else signal.addEventListener('abort', start, { once: true });
  });
}
