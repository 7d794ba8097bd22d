import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './messages.ts';

/**
 * The worker thread, apart from what it serves. It is started while the program's own files can still be read: after
 * pxed has become another user, a checkout in somebody's closed home is out of reach. A service that fails leaves the
 * thread in place for the next one.
 */
export type TftpThread = {
  /** Resolves when all its code is loaded; rejects when it cannot be. */
  readonly loaded: Promise<void>;
  readonly alive: boolean;
  post(message: ToWorker): void;
  /** One listener at a time: the service that runs. `onDeath` is told when the thread itself ended. */
  listen(onMessage: (message: FromWorker) => void, onDeath: (error: Error) => void): void;
  /** Ends the thread, at once. */
  close(): Promise<void>;
};

export function startTftpThread(): TftpThread {
  const loaded = Promise.withResolvers<void>();
  loaded.promise.catch(() => {}); // whoever waits for it hears of it too
  let onMessage: (message: FromWorker) => void = () => {};
  let onDeath: (error: Error) => void = () => {};
  let alive = true;
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    // Descriptors that libc calls opened are closed through node:fs; nothing to warn about.
    trackUnmanagedFds: false,
    // What a packet or a request leaves behind is garbage at once: semi-spaces of 1 MB hold a turn's, and stay in the cache
    // of the processor. V8 would let them grow to 16 MB each.
    resourceLimits: { maxYoungGenerationSizeMb: 3 },
  });
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'loaded') loaded.resolve();
    else onMessage(message);
  });
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => die(new Error(`The TFTP worker ended by itself (exit code ${code})`)));

  function die(error: Error): void {
    if (!alive) return;
    alive = false;
    loaded.reject(error);
    onDeath(error);
  }

  return {
    loaded: loaded.promise,
    get alive() {
      return alive;
    },
    post: (message) => worker.postMessage(message),
    listen(message, death) {
      onMessage = message;
      onDeath = death;
    },
    async close() {
      alive = false;
      await worker.terminate();
    },
  };
}
