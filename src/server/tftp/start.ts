import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { createTftpService, type ServiceParts } from './serve.ts';
import type { TftpSettings } from './settings.ts';

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
};

/**
 * Serves `settings.root` on bound sockets: in a worker thread where the network works in threads, else in this one. The
 * sockets stay bound when it ends.
 *
 *     const sockets = await openTftpSockets(network, { interface: 'eth0', port: 69, singlePort: false });
 *     const server = startTftpServer({ network, sockets: sockets.value, settings, emit });
 *     await server.ready;
 */
export function startTftpServer(parts: ServiceParts): TftpServer {
  return parts.network.worksInThreads ? startInWorker(parts) : startHere(parts);
}

function startInWorker({ network, sockets, settings, emit }: ServiceParts): TftpServer {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const workerData: WorkerStart = { sockets, settings };
  let wakeFd = -1;
  let stopping = false;
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData,
    // Descriptors that libc calls opened are closed through node:fs; nothing to warn about.
    trackUnmanagedFds: false,
  });

  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'events') for (const event of message.events) emit(event);
    else if (message.kind === 'ready') {
      ({ wakeFd } = message);
      started.resolve();
    } else
      emit({ type: 'service.warning', service: 'tftp', problem: 'reload-refused', detail: message.detail });
  });
  worker.on('error', (error) => fail(error));
  worker.on('exit', (code) => {
    wakeFd = -1;
    if (stopping) ended.resolve();
    else fail(new Error(`The TFTP worker ended by itself (exit code ${code})`));
  });

  function fail(error: unknown): void {
    started.reject(error);
    ended.reject(error);
  }

  function send(message: ToWorker): void {
    worker.postMessage(message);
    if (wakeFd >= 0) network.wake(wakeFd);
  }
  started.promise.catch(() => {}); // whoever waits for `finished` hears of it too
  ended.promise.catch(() => {});

  return {
    ready: started.promise,
    finished: ended.promise,
    async stop(graceMs) {
      stopping = true;
      await started.promise.catch(() => {});
      send({ kind: 'stop', graceMs });
      wakeFd = -1; // the worker closes it, and the number may soon mean another file
      await ended.promise;
    },
    reconfigure: (next) => send({ kind: 'configure', settings: next }),
  };
}

/** The same loop between the turns of this thread's event loop. */
function startHere(parts: ServiceParts): TftpServer {
  const service = (async () => createTftpService(parts))();
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
