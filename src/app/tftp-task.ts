import type { ServiceParts } from '../server/tftp/serve.ts';
import type { TftpSettings } from '../server/tftp/settings.ts';
import { startTftpServer, type TftpServer } from '../server/tftp/start.ts';
import { startTftpThread } from '../server/tftp/thread.ts';
import type { Task } from './task.ts';

export type TftpTask = {
  readonly task: Task;
  /** From the next run on, the serving thread gives up its own privileges too. */
  confine(): void;
  reconfigure(settings: TftpSettings): void;
  close(): Promise<void>;
};

/** Running transfers may finish for this long when pxed is asked to stop. */
const GRACE_MS = 5000;

/**
 * The TFTP server as a task, each run of it on the same sockets. Make it before root is given up: its thread loads the
 * program now. `confine`: privileges are given up later, also by that thread.
 */
export async function createTftpTask(parts: ServiceParts): Promise<TftpTask> {
  let { settings } = parts;
  let confine = false;
  let running: TftpServer | undefined;
  let thread = parts.network.worksInThreads ? startTftpThread() : undefined;
  await thread?.loaded;
  const task: Task = {
    name: 'tftp',
    async run({ signal, ready }) {
      if (thread && !thread.alive) thread = startTftpThread();
      const server = startTftpServer({ ...parts, settings, confine, ...(thread && { thread }) });
      running = server;
      const onAbort = () => void server.stop(GRACE_MS).catch(() => {});
      try {
        await server.ready;
        ready();
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
        await server.finished;
      } finally {
        signal.removeEventListener('abort', onAbort);
        running = undefined;
      }
    },
  };
  return {
    task,
    confine() {
      confine = true;
    },
    reconfigure(next) {
      settings = next;
      running?.reconfigure(next);
    },
    close: async () => thread?.close(),
  };
}
