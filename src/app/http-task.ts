import type { Config } from '../config/schema.ts';
import { type HttpParts, type HttpServer, startHttpServer } from '../server/http/server.ts';
import type { HttpSettings } from '../server/http/settings.ts';
import type { LiveTransfer } from '../server/live-transfer.ts';
import { turnConnectionsAway } from './rest.ts';
import type { Task } from './task.ts';

/** The HTTP server as a task: each run of it listens on the same ports. */
export type HttpTask = {
  readonly task: Task;
  /** For requests from now on. Throws, and changes nothing, when the root cannot be opened. */
  reconfigure(settings: HttpSettings): void;
  transfers(): readonly LiveTransfer[];
};

/** Running transfers may finish for this long when pxed is asked to stop. */
const GRACE_MS = 5000;

export function createHttpTask({ settings, ...parts }: HttpParts): HttpTask {
  let running: HttpServer | undefined;
  return {
    task: {
      name: 'http',
      rest: () => turnConnectionsAway(parts.network, parts.ports),
      async run({ signal, ready }) {
        const server = startHttpServer({ ...parts, settings });
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
    },
    reconfigure(next) {
      running?.reconfigure(next);
      settings = next;
    },
    transfers: () => running?.transfers() ?? [],
  };
}

/** What the HTTP server is told, from the configuration: it has the tree of TFTP, and finds names in it alike. */
export function httpSettingsOf({ tftp }: Config, root: string): HttpSettings {
  return { root, ignoreCase: tftp['ignore-case'] };
}
