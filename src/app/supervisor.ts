import type { Emit } from '../events/event.ts';
import { after, pause } from './pause.ts';
import type { ServiceChange, ServicePhase, ServiceState } from './service-state.ts';
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
  /** Called once, when every task has been ready, or was halted. */
  readonly onReady?: () => void;
  readonly timing?: Partial<SupervisorTiming>;
};

export type SupervisorTiming = {
  readonly backoffMs: number;
  readonly backoffMostMs: number;
  readonly failuresMost: number;
  readonly periodMs: number;
  readonly drainMs: number;
  /** How long `start` waits for requests to be answered before it tells how things stand. */
  readonly startMs: number;
};

export type Outcome = 'stopped' | 'failed';

/**
 * Tasks that run, and the handles to them. A service is one task, or all whose names begin with its own: `tftp` is `tftp 1` and
 * `tftp 2`. Each of the three does nothing where it is so already, and resolves when it is done; the other tasks notice nothing.
 * A service that was stopped stays so until it is started; of two that are asked at once, the later one holds. They throw RangeError for a name that is none.
 */
export type Supervisor = {
  /** Resolves when everything has stopped; never rejects. */
  readonly finished: Promise<Outcome>;
  /** Every task, in their order. */
  states(): readonly ServiceState[];
  /** Names of services. */
  readonly services: readonly string[];
  start(service: string): Promise<ServiceChange>;
  stop(service: string): Promise<ServiceChange>;
  restart(service: string): Promise<ServiceChange>;
};

const TIMING: SupervisorTiming = {
  backoffMs: 250,
  backoffMostMs: 10_000,
  failuresMost: 5,
  periodMs: 60_000,
  drainMs: 10_000,
  startMs: 10_000,
};

/** Resolves when everything has stopped; never rejects. */
export function supervise(tasks: readonly Task[], options: SupervisorOptions): Promise<Outcome> {
  return createSupervisor(tasks, options).finished;
}

/** Starts them all. */
export function createSupervisor(tasks: readonly Task[], options: SupervisorOptions): Supervisor {
  const timing = { ...TIMING, ...options.timing };
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  const waiting = new Set(tasks.map((task) => task.name));
  const onReady = (name: string) => {
    if (waiting.delete(name) && waiting.size === 0) options.onReady?.();
  };
  const keeping = { ...options, signal, timing, onReady, giveUp };
  const kept = tasks.map((task) => keepRunning(task, keeping));
  const services = [...new Set(tasks.map(({ name }) => serviceOf(name)))];

  function of(service: string): Kept[] {
    const found = kept.filter(({ state }) => serviceOf(state().name) === service);
    if (found.length === 0) {
      throw new RangeError(`There is no service ${service}; there is ${services.join(', ') || 'none'}`);
    }
    return found;
  }
  async function change(service: string, act: (one: Kept) => Promise<boolean>): Promise<ServiceChange> {
    const found = of(service);
    const changed = await Promise.all(found.map(act));
    return { changed: changed.includes(true), states: found.map(({ state }) => state()) };
  }
  return {
    finished: (async () => {
      await Promise.race([Promise.all(kept.map(({ ended }) => ended)), drained(signal, timing.drainMs)]);
      return giveUp.signal.aborted ? 'failed' : 'stopped';
    })(),
    states: () => kept.map(({ state }) => state()),
    services,
    start: (service) => change(service, (one) => one.start()),
    stop: (service) => change(service, (one) => one.stop()),
    restart: (service) => change(service, (one) => one.restart()),
  };
}

/** `tftp` of `tftp 2`. */
export function serviceOf(task: string): string {
  return task.split(' ')[0]!;
}

type Keeping = {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly timing: SupervisorTiming;
  readonly onReady: (name: string) => void;
  readonly giveUp: AbortController;
};

type Kept = {
  readonly ended: Promise<void>;
  state(): ServiceState;
  /** True when that changed something. */
  start(): Promise<boolean>;
  stop(): Promise<boolean>;
  restart(): Promise<boolean>;
};

function keepRunning(task: Task, { emit, signal, timing, onReady, giveUp }: Keeping): Kept {
  let state: ServiceState = { name: task.name, phase: 'starting', since: Date.now(), restarts: 0 };
  let failures: number[] = [];
  /** After a failure: what somebody asks for is no restart of ours. */
  let restarts = 0;
  /** Somebody wants it to rest; aborts what runs, and each pause. */
  let halt = new AbortController();
  /** What somebody asked for last: who was asked before, and still waits, does nothing against it. */
  let wanted: 'running' | 'halted' = 'running';
  /** Resolves at the next change of phase. */
  let turn = Promise.withResolvers<void>();

  function enter(phase: ServicePhase, more: Partial<ServiceState> = {}): void {
    state = { ...state, ...more, phase, since: Date.now() };
    turn.resolve();
    turn = Promise.withResolvers();
  }

  /** Waits until it is in one of these phases; false when that takes longer than `ms`, or everything ends. */
  async function reaches(phases: readonly ServicePhase[], ms: number): Promise<boolean> {
    const limit = after(ms, signal);
    try {
      while (!phases.includes(state.phase)) {
        if (limit.over()) return false;
        await Promise.race([turn.promise, limit.promise]);
      }
      return true;
    } finally {
      limit.cancel();
    }
  }

  async function runOnce(asked: AbortSignal): Promise<void> {
    enter('starting', { restarts });
    await task.run({
      signal: asked,
      ready: (detail) => {
        if (asked.aborted) return;
        const { detail: _, ...rest } = state;
        state = { ...rest, ...(detail !== undefined && { detail }) };
        enter('running');
        emit({ type: 'service.ready', service: task.name, ...(detail === undefined ? {} : { detail }) });
        onReady(task.name);
      },
    });
    if (!asked.aborted) throw new Error('ended although nobody asked it to');
    emit({ type: 'service.stopped', service: task.name });
  }

  /** Tells of it. After how many ms it is tried again; undefined: never. */
  function failed(error: unknown, asked: AbortSignal): number | undefined {
    const now = performance.now();
    const detail = error instanceof Error ? error.message : String(error);
    failures = [...failures.filter((at) => now - at < timing.periodMs), now];
    if (asked.aborted) {
      emit({ type: 'service.failed', service: task.name, detail });
      state = { ...state, lastError: detail };
      return 0;
    }
    if (failures.length > timing.failuresMost) {
      emit({ type: 'service.failed', service: task.name, detail });
      enter('failed', { lastError: detail });
      giveUp.abort();
      return undefined;
    }
    const pauseMs = Math.min(timing.backoffMs * 2 ** (failures.length - 1), timing.backoffMostMs);
    emit({ type: 'service.failed', service: task.name, detail, restartInMs: pauseMs });
    enter('backing-off', { lastError: detail });
    return pauseMs;
  }

  /** What a service does while it rests is a courtesy: a failure of it is told, and nothing worse. */
  function attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      const detail = `at rest: ${error instanceof Error ? error.message : String(error)}`;
      emit({ type: 'service.warning', service: task.name, problem: 'at-rest', detail });
      return undefined;
    }
  }

  async function rest(): Promise<void> {
    const wake = attempt(() => task.rest?.());
    enter('halted');
    onReady(task.name);
    // Who stops it again before this turn comes has another rest begin.
    await reaches(['starting', 'stopping'], Number.POSITIVE_INFINITY);
    attempt(() => wake?.());
  }

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      if (halt.signal.aborted) {
        await rest();
        continue;
      }
      const asked = AbortSignal.any([signal, halt.signal]);
      try {
        await runOnce(asked);
      } catch (error) {
        const pauseMs = failed(error, asked);
        if (pauseMs === undefined) return;
        await pause(pauseMs, asked);
        if (!asked.aborted) restarts++;
      }
    }
  }

  async function begin(): Promise<boolean> {
    const wasHalted = halt.signal.aborted;
    const isResting = state.phase === 'halted';
    if (wasHalted && !isResting && !(await reaches(['halted', 'starting', 'running'], timing.drainMs))) {
      throw new Error(`${task.name} has not come to an end yet`);
    }
    if (halt.signal.aborted && wanted === 'running') {
      halt = new AbortController();
      failures = [];
      enter('starting');
    }
    await reaches(['running', 'backing-off', 'failed', 'stopping', 'halted'], timing.startMs);
    return wasHalted;
  }

  async function end(): Promise<boolean> {
    const wasHalted = halt.signal.aborted;
    if (!wasHalted) {
      enter('stopping');
      halt.abort();
    }
    await reaches(['halted'], timing.drainMs);
    return !wasHalted;
  }

  return {
    ended: keep(),
    state: () => state,
    async start() {
      wanted = 'running';
      return begin();
    },
    async stop() {
      wanted = 'halted';
      return end();
    },
    async restart() {
      wanted = 'running';
      await end();
      return begin();
    },
  };
}

/** Resolves `ms` after `signal` aborted: a task that does not drain is left behind. */
function drained(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const start = () => setTimeout(resolve, ms).unref();
    if (signal.aborted) start();
    else signal.addEventListener('abort', start, { once: true });
  });
}
