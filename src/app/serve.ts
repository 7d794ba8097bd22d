import { createBus } from '../events/bus.ts';
import { createLineBatch } from '../events/line-batch.ts';
import { createLog, type LogOut } from '../events/log.ts';
import { createLoopWatch } from '../server/boot/loop-guard.ts';
import { EXIT } from './exit-codes.ts';
import { isJournal } from './journal.ts';
import { type Launched, launch } from './launch.ts';
import type { Setup, SetupResult } from './setup.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';
import { feedWatchdog } from './watchdog.ts';

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
  const usual = terminal ? 'text' : isJournal(1, process.env) ? 'journal' : 'json';
  const chosen = format === 'auto' ? usual : format;
  bus.subscribe(createLog({ level, format: chosen, colour: terminal, out: createLineBatch(io.out) }));
  bus.subscribe(createLoopWatch(bus.emit));
  let launched: Launched;
  try {
    launched = await launch(setup, {
      ...{ version: io.version, bus, read: io.reload, configFile: io.configFile },
      onReady(composed) {
        composed.notify('READY=1');
        bus.emit({ type: 'service.ready', service: setup.tool });
      },
    });
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem(setup.tool, error)}\n`);
    return EXIT.START;
  }
  const stop = new AbortController();
  stop.signal.addEventListener('abort', () => {
    launched.composed.notify('STOPPING=1');
    launched.stop();
  });
  feedWatchdog(launched.composed, { env: process.env, pid: process.pid, signal: stop.signal });
  const end = listen(stop, () => void launched.reload());
  try {
    return (await launched.finished) === 'stopped' ? EXIT.OK : EXIT.FAILED;
  } finally {
    end();
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
