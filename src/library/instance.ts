import { type Composed, type ComposeIo, compose } from '../app/compose.ts';
import type { Setup } from '../app/setup.ts';
import { StartProblem } from '../app/start-problem.ts';
import { supervise } from '../app/supervisor.ts';
import { createBus } from '../events/bus.ts';
import type { BootEvent } from '../events/event.ts';
import { ServerNotRunning, TftpError } from '../lib/tftp-error.ts';

/** `failed`: a service failed again and again, and everything was stopped. */
export type ServerState = 'stopped' | 'starting' | 'running' | 'stopping' | 'failed';

/** Hears what the server does; `at` is ms since 1970. What it throws is thrown where nobody catches it, as an event's listener's is. */
export type OnEvent = (event: BootEvent, at: number) => void;

/** A pxed inside this process: it can be started and stopped again and again. */
export type Instance = {
  readonly state: ServerState;
  /** Resolves when requests are answered. Does nothing while it runs. Rejects with TftpError `cannot-start`. */
  start(): Promise<void>;
  /** Lets transfers end, within 10 s. Does nothing when it does not run. */
  stop(): Promise<void>;
  /** What runs. Throws ServerNotRunning. */
  running(): Composed;
};

export type InstanceOptions = {
  readonly version: string;
  readonly guest: NonNullable<ComposeIo['guest']>;
  readonly onEvent?: OnEvent | undefined;
};

/** `setupOf` is asked at each start. */
export function createInstance(setupOf: () => Setup, options: InstanceOptions): Instance {
  const { version, guest, onEvent } = options;
  let state: ServerState = 'stopped';
  let composed: Composed | undefined;
  let stopping = new AbortController();
  let starting: Promise<void> | undefined;
  let ended: Promise<void> = Promise.resolve();

  async function begin(): Promise<void> {
    state = 'starting';
    stopping = new AbortController();
    const bus = createBus(Date.now);
    if (onEvent) bus.subscribe(({ event, at }) => tell(() => onEvent(event, at)));
    try {
      composed = await compose(setupOf(), { version, emit: bus.emit, guest });
    } catch (error) {
      state = 'stopped';
      throw error instanceof StartProblem ? startError(error) : error;
    }
    const ready = Promise.withResolvers<void>();
    ended = run(composed, bus.emit, ready.resolve);
    await Promise.race([ready.promise, ended]);
    if (stopping.signal.aborted) throw new ServerNotRunning('The server was stopped before it ran');
    if (composed === undefined)
      throw new TftpError('The server failed while it started', { reason: 'failed' });
    state = 'running';
  }

  async function run(made: Composed, emit: (event: BootEvent) => void, onReady: () => void): Promise<void> {
    let outcome: ServerState = 'failed';
    try {
      const { signal } = stopping;
      if ((await supervise(made.tasks, { emit, signal, onReady })) === 'stopped') outcome = 'stopped';
    } finally {
      await made.release();
      composed = undefined;
      state = outcome;
    }
  }

  return {
    get state() {
      return state;
    },
    start() {
      if (state === 'running') return Promise.resolve();
      if (state === 'starting' && starting) return starting;
      starting = ended.then(begin);
      return starting;
    },
    async stop() {
      if (state === 'starting') await starting?.catch(() => {});
      if (state === 'running') {
        state = 'stopping';
        stopping.abort();
      }
      await ended;
    },
    running() {
      if (composed === undefined || state === 'starting') throw new ServerNotRunning();
      return composed;
    },
  };
}

function startError(problem: StartProblem): TftpError {
  return new TftpError(`${problem.message}. ${problem.fix}`, { reason: 'cannot-start', cause: problem });
}

/** The bus would not call again whoever throws. */
function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
