import type { ServiceParts } from '../server/tftp/serve.ts';
import type { TftpSettings } from '../server/tftp/settings.ts';
import { startTftpServer, type TftpServer } from '../server/tftp/start.ts';
import type { Task } from './task.ts';

/** Running transfers may finish for this long when pxed is asked to stop. */
const GRACE_MS = 5000;

/** The TFTP server as a task: each run is a new worker on the same sockets. */
export function createTftpTask(parts: ServiceParts): {
  task: Task;
  reconfigure(settings: TftpSettings): void;
} {
  let { settings } = parts;
  let running: TftpServer | undefined;
  const task: Task = {
    name: 'tftp',
    async run({ signal, ready }) {
      const server = startTftpServer({ ...parts, settings });
      running = server;
      const onAbort = () => void server.stop(GRACE_MS);
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
    reconfigure(next) {
      settings = next;
      running?.reconfigure(next);
    },
  };
}
