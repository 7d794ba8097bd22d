import { createBus } from '../events/bus.ts';
import { createEventCounts } from '../events/counts.ts';
import { createLineBatch } from '../events/line-batch.ts';
import { createLog, type LogOut } from '../events/log.ts';
import { createRecentEvents } from '../events/recent.ts';
import { createLoopWatch } from '../server/boot/loop-guard.ts';
import { type Composed, compose } from './compose.ts';
import { serveControl } from './control-service.ts';
import { EXIT } from './exit-codes.ts';
import { reload } from './reload.ts';
import type { Setup, SetupResult } from './setup.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';
import { createSupervisor } from './supervisor.ts';
import { openTimeline } from './timeline-state.ts';
import { keepYoungHeapSmall } from './young-heap.ts';

/** What the process gives: where to write, and how to read the configuration once more. */
export type ServeIo = {
  readonly version: string;
  /** With `text` in the place of what the configuration file says, where there is one: to see what would come of it. */
  readonly reload: (text?: string) => SetupResult;
  /** The configuration file, as it was named. */
  readonly configFile?: string;
  readonly out: LogOut & { readonly isTTY?: boolean };
  readonly err: { write(text: string): void };
};

/** Serves until a signal ends it. Resolves to the process's exit code; see {@link EXIT}. */
export async function serve(setup: Setup, io: ServeIo): Promise<number> {
  const bus = createBus(Date.now);
  const terminal = io.out.isTTY ?? false;
  const { level, format } = setup.config.log;
  const text = format === 'text' || (format === 'auto' && terminal);
  bus.subscribe(
    createLog({ level, format: text ? 'text' : 'json', colour: terminal, out: createLineBatch(io.out) }),
  );
  bus.subscribe(createLoopWatch(bus.emit));
  const counts = createEventCounts();
  const recent = createRecentEvents();
  bus.subscribe(counts.hear);
  bus.subscribe(recent.hear);
  let composed: Composed;
  try {
    composed = await compose(setup, { version: io.version, emit: bus.emit });
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem(setup.tool, error)}\n`);
    return EXIT.START;
  }
  bus.subscribe(({ event }) => composed.capture.hear(event));
  const timeline = openTimeline(composed, bus.emit);
  if (timeline) bus.subscribe(timeline.hear);
  keepYoungHeapSmall();
  const stop = new AbortController();
  const reread = () => reload(composed, () => io.reload(), bus.emit);
  const end = listen(stop, () => void reread());
  try {
    const onReady = () => {
      composed.notify('READY=1');
      bus.emit({ type: 'service.ready', service: setup.tool });
    };
    stop.signal.addEventListener('abort', () => composed.notify('STOPPING=1'));
    const supervisor = createSupervisor(composed.tasks, { emit: bus.emit, signal: stop.signal, onReady });
    if (timeline)
      serveControl({
        ...{ version: io.version, bus, counts, recent, composed, supervisor, timeline },
        ...{ reload: reread, read: io.reload, configFile: io.configFile },
      });
    const outcome = await supervisor.finished;
    return outcome === 'stopped' ? EXIT.OK : EXIT.FAILED;
  } finally {
    end();
    await composed.release();
    timeline?.close();
  }
}

/** SIGTERM and SIGINT stop, the second one at once; SIGHUP reads the configuration again. */
function listen(stop: AbortController, reread: () => void): () => void {
  const onStop = () => {
    if (stop.signal.aborted) process.exit(EXIT.OK);
    stop.abort();
  };
  const handlers = { SIGTERM: onStop, SIGINT: onStop, SIGHUP: reread };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  };
}
