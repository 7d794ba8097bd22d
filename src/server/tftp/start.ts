import { fsync } from 'node:fs';
import type { BootEvent } from '../../events/event.ts';
import { errnoName } from '../../store/beneath.ts';
import type { Sync } from '../../store/upload.ts';
import type { RenderedFile, RenderedFiles } from '../boot/rendered-files.ts';
import type { LiveTransfer } from '../live-transfer.ts';
import { createCensus } from './census.ts';
import { createLooks } from './looks.ts';
import type { ToWorker } from './messages.ts';
import type { Render, RenderAsk } from './render.ts';
import { createTftpService, type ServiceParts } from './serve.ts';
import type { TftpSettings } from './settings.ts';
import { startTftpThread, type TftpThread } from './thread.ts';

/** A TFTP server that runs. */
export type TftpServer = {
  /** Resolves when requests are answered; rejects when it cannot start (the root cannot be opened). */
  readonly ready: Promise<void>;
  /** Resolves after stop(); rejects when the server dies by itself. */
  readonly finished: Promise<void>;
  /** Takes no more requests, gives running transfers `graceMs`, then tells their clients. Queued requests wait for the next server. */
  stop(graceMs: number): Promise<void>;
  /** For requests from now on; transfers under way keep their terms. */
  reconfigure(settings: TftpSettings): void;
  /** Those under way; none while it does not serve; undefined when its thread does not answer. */
  transfers(): Promise<readonly LiveTransfer[] | undefined>;
};

export type StartParts = Omit<ServiceParts, 'render'> & {
  /** What stands for names that the tree does not have; asked in this thread, where {@link TftpSettings.rendering} is on. */
  readonly rendered?: RenderedFiles;
  /** A thread started beforehand, for one service at a time; it stays alive. One of its own is used when left out. */
  readonly thread?: TftpThread;
  /** See {@link ToWorker}. */
  readonly confine?: boolean;
};

/**
 * Serves `settings.root` on bound sockets: in a worker thread where the network works in threads, else in this one. The
 * sockets stay bound when it ends.
 *
 *     const opened = await openTftpSockets(network, { interfaces: ['eth0'], port: 69, singlePort: false });
 *     const server = startTftpServer({ network, sockets: opened.value[0], settings, emit });
 *     await server.ready;
 */
export function startTftpServer(parts: StartParts): TftpServer {
  return parts.network.worksInThreads ? startInWorker(parts) : startHere(parts);
}

function startInWorker({ network, sockets, settings, emit, place, ...options }: StartParts): TftpServer {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const thread = options.thread ?? startTftpThread();
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const looks = createLooks();
  let wakeFd = -1;
  let isOver = false;

  thread.listen(
    (message) => {
      if (message.kind === 'events') {
        for (const event of JSON.parse(message.json) as BootEvent[]) emit(event);
        Atomics.add(taken, 0, 1);
      } else if (message.kind === 'ready') {
        ({ wakeFd } = message);
        network.wake(wakeFd); // for what was sent while it started
        started.resolve();
      } else if (message.kind === 'sync') {
        const { id } = message;
        syncSoon(message.fd, (errno) => send({ kind: 'synced', id, ...(errno && { errno }) }));
      } else if (message.kind === 'render') {
        const file = renderNow(options.rendered, message.ask);
        send({ kind: 'rendered', id: message.id, ...(file && { file }) });
      } else if (message.kind === 'ended') end(message.failure);
      else if (message.kind === 'looked') looks.answered(message.id, message.transfers);
      else if (message.kind === 'refused')
        emit({ type: 'service.warning', service: 'tftp', problem: 'reload-refused', detail: message.detail });
    },
    (error) => end(error.message),
  );
  const { confine = false } = options;
  thread.post({
    ...{ kind: 'serve', sockets, settings, confine, taken: taken.buffer },
    ...(place && { place }),
  });

  // Node waits for its threads when it exits, and this one would wait in the poller for ever.
  const onExit = () => send({ kind: 'stop', graceMs: 0 });
  process.once('exit', onExit);

  function end(failure: string | undefined): void {
    isOver = true;
    wakeFd = -1;
    looks.end();
    if (place) createCensus(place).tell(0); // a thread that died did not
    process.off('exit', onExit);
    if (!options.thread) void thread.close();
    if (failure === undefined) ended.resolve();
    else ended.reject(new Error(failure));
    started.reject(new Error(failure ?? 'stopped before it was ready'));
  }

  /** Nothing after the end: the next service of the thread would take it for an answer to a question of its own. */
  function send(message: ToWorker): void {
    if (isOver) return;
    thread.post(message);
    if (wakeFd >= 0) network.wake(wakeFd);
  }
  started.promise.catch(() => {}); // whoever waits for `finished` hears of it too
  ended.promise.catch(() => {});

  return {
    ready: started.promise,
    finished: ended.promise,
    async stop(graceMs) {
      await started.promise.catch(() => {});
      send({ kind: 'stop', graceMs });
      wakeFd = -1; // the worker closes it, and the number may soon mean another file
      await ended.promise;
    },
    reconfigure: (next) => send({ kind: 'configure', settings: next }),
    transfers: () => (wakeFd < 0 ? Promise.resolve([]) : looks.ask((id) => send({ kind: 'look', id }))),
  };
}

/** fsync(2) by a thread of libuv's pool; the event loop tells when it is done. */
const syncSoon: Sync = (fd, done) => fsync(fd, (error) => done(error ? errnoName(error) : undefined));

function renderNow(rendered: RenderedFiles | undefined, ask: RenderAsk): RenderedFile | undefined {
  return rendered?.render({ ...ask, protocol: 'tftp' });
}

/** The same loop between the turns of this thread's event loop. */
function startHere({ rendered, ...parts }: StartParts): TftpServer {
  const sync: Sync = (fd, done) =>
    syncSoon(fd, (errno) => {
      done(errno);
      void service.then(({ poller }) => poller.wake());
    });
  const render: Render = (ask, done) => {
    setImmediate(() => {
      done(renderNow(rendered, ask));
      void service.then(({ poller }) => poller.wake());
    });
    return true;
  };
  const service = (async () => createTftpService({ ...parts, sync, render }))();
  const finished = service.then(async (running) => {
    try {
      while (!running.finished) {
        await running.poller.waitAsync(running.waitMs());
        running.turn();
      }
    } finally {
      running.close();
    }
  });
  finished.catch(() => {});
  return {
    ready: service.then(() => undefined),
    finished,
    async stop(graceMs) {
      const running = await service.catch(() => undefined);
      running?.drain(graceMs);
      running?.poller.wake();
      await finished;
    },
    transfers: () =>
      service.then(
        ({ engine }) => engine.transfers(),
        () => [],
      ),
    reconfigure: (next) => {
      service
        .then((running) => running.configure(next))
        .catch((error: unknown) =>
          parts.emit({
            type: 'service.warning',
            service: 'tftp',
            problem: 'reload-refused',
            detail: error instanceof Error ? error.message : String(error),
          }),
        );
    },
  };
}
