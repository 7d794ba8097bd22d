import type { Bus } from '../events/bus.ts';
import { createEventCounts } from '../events/counts.ts';
import { createRecentEvents } from '../events/recent.ts';
import { type Composed, compose } from './compose.ts';
import { serveControl } from './control-service.ts';
import type { Guest } from './guest.ts';
import { type ReloadOutcome, reload } from './reload.ts';
import type { Setup, SetupResult } from './setup.ts';
import { createSupervisor, type Outcome } from './supervisor.ts';
import { openTimeline } from './timeline-state.ts';

export type LaunchIo = {
  readonly version: string;
  readonly bus: Bus;
  /** Reads the configuration once more; with `text` in the place of what its file says, where there is one. */
  readonly read: (text?: string) => SetupResult;
  /** The configuration file, as it was named. */
  readonly configFile?: string | undefined;
  /** pxed is a part of another program. */
  readonly guest?: Guest;
  /** Every service answers. */
  readonly onReady: (composed: Composed) => void;
};

/** A setup that is served. */
export type Launched = {
  readonly composed: Composed;
  /** Puts what {@link LaunchIo.read} gives in force. */
  reload(): ReloadOutcome;
  /** Lets transfers end, within a bound; {@link finished} then resolves. */
  stop(): void;
  /** Resolves when everything has stopped and is released. */
  readonly finished: Promise<Outcome>;
};

/** Those among whom boots that failed are looked for. */
const RECENT_MACHINES = 32;

/** Composes a setup, and runs it with all that watches it and answers for it. Throws StartProblem when it cannot be served. */
export async function launch(setup: Setup, io: LaunchIo): Promise<Launched> {
  const { version, bus, guest } = io;
  const counts = createEventCounts();
  const recent = createRecentEvents();
  const unheard = [bus.subscribe(counts.hear), bus.subscribe(recent.hear)];
  const composed = await compose(setup, { version, emit: bus.emit, ...(guest && { guest }) });
  // Nobody can ask for them: then a storm need not pay for them either.
  if (!composed.inside.control) for (const end of unheard) end();
  bus.subscribe(({ event }) => composed.capture.hear(event));
  const timeline = openTimeline(composed, bus.emit);
  if (timeline) bus.subscribe(timeline.hear);
  if (timeline) composed.capture.watch(() => timeline.recent(RECENT_MACHINES));
  const stop = new AbortController();
  const reread = () => reload(composed, () => io.read(), bus.emit);
  const supervisor = createSupervisor(composed.tasks, {
    ...{ emit: bus.emit, signal: stop.signal },
    onReady: () => io.onReady(composed),
  });
  if (timeline) {
    serveControl({
      ...{ version, bus, counts, recent, composed, supervisor, timeline },
      ...{ reload: reread, read: io.read, configFile: io.configFile },
    });
  }
  async function finish(): Promise<Outcome> {
    try {
      return await supervisor.finished;
    } finally {
      await composed.release();
      timeline?.close();
    }
  }
  return { composed, reload: reread, stop: () => stop.abort(), finished: finish() };
}
