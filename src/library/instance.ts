import type { Composed } from '../app/compose.ts';
import type { Guest } from '../app/guest.ts';
import { type Launched, launch } from '../app/launch.ts';
import type { ReloadOutcome } from '../app/reload.ts';
import type { Setup } from '../app/setup.ts';
import { StartProblem } from '../app/start-problem.ts';
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
  /** Puts in force what `setupOf` gives by now. Throws ServerNotRunning. */
  reload(): ReloadOutcome;
  /** What runs. Throws ServerNotRunning. */
  running(): Composed;
};

export type InstanceOptions = {
  readonly version: string;
  readonly guest: Guest;
  readonly onEvent?: OnEvent | undefined;
};

/** `setupOf` is asked at each start, and at each reload. */
export function createInstance(setupOf: () => Setup, options: InstanceOptions): Instance {
  const { version, guest, onEvent } = options;
  let state: ServerState = 'stopped';
  let launched: Launched | undefined;
  let starting: Promise<void> | undefined;
  let ended: Promise<void> = Promise.resolve();

  async function begin(): Promise<void> {
    state = 'starting';
    const bus = createBus(Date.now);
    if (onEvent) bus.subscribe(({ event, at }) => tell(() => onEvent(event, at)));
    const ready = Promise.withResolvers<void>();
    const read = () => ({ ok: true, value: setupOf() }) as const;
    try {
      launched = await launch(setupOf(), { version, bus, read, guest, onReady: () => ready.resolve() });
    } catch (error) {
      state = 'stopped';
      throw error instanceof StartProblem ? startError(error) : error;
    }
    ended = watch(launched);
    await Promise.race([ready.promise, ended]);
    if (launched === undefined)
      throw new TftpError('The server failed while it started', { reason: 'failed' });
    state = 'running';
  }

  async function watch({ finished }: Launched): Promise<void> {
    let outcome: ServerState = 'failed';
    try {
      if ((await finished) === 'stopped') outcome = 'stopped';
    } finally {
      launched = undefined;
      state = outcome;
    }
  }

  function active(): Launched {
    if (launched === undefined || state === 'starting') throw new ServerNotRunning();
    return launched;
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
        launched?.stop();
      }
      await ended;
    },
    reload: () => active().reload(),
    running: () => active().composed,
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
