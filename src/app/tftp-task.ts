import type { RenderedFiles } from '../server/boot/rendered-files.ts';
import type { LiveTransfer } from '../server/live-transfer.ts';
import { createMemory } from '../server/tftp/census.ts';
import { GROUPS_MAX } from '../server/tftp/multicast-groups.ts';
import type { ServiceParts } from '../server/tftp/serve.ts';
import type { TftpSettings } from '../server/tftp/settings.ts';
import type { TftpSockets } from '../server/tftp/sockets.ts';
import { type StartParts, startTftpServer, type TftpServer } from '../server/tftp/start.ts';
import { startTftpThread, type TftpThread } from '../server/tftp/thread.ts';
import { letDatagramsGo } from './rest.ts';
import type { Task } from './task.ts';

/** The TFTP server: a task for each worker, so that one that fails takes no other along. */
export type TftpTasks = {
  readonly tasks: readonly Task[];
  /** From the next run on, the serving threads give up their own privileges too. */
  confine(): void;
  reconfigure(settings: TftpSettings): void;
  /** Those of all workers. */
  transfers(): Promise<readonly LiveTransfer[]>;
  /** Does every thread that serves turn its loop? */
  answer(): Promise<boolean>;
  close(): Promise<void>;
};

export type CrewParts = Omit<ServiceParts, 'sockets' | 'place' | 'render'> & {
  /** What stands for names that the tree does not have. */
  readonly rendered?: RenderedFiles;
  /** One for each worker. */
  readonly crew: readonly TftpSockets[];
  /** Replaced in tests. */
  readonly startThread?: () => TftpThread;
};

/** One worker. */
type Worker = Omit<TftpTasks, 'tasks'> & { readonly task: Task; readonly loaded: Promise<void> };

/** Running transfers may finish for this long when pxed is asked to stop. */
const GRACE_MS = 5000;

/**
 * The TFTP server's tasks, each run of one on the same sockets. Make them before root is given up: their threads load the
 * program now.
 */
export async function createTftpTasks({ crew, ...rest }: CrewParts): Promise<TftpTasks> {
  const all = { startThread: startTftpThread, ...rest };
  const memory = createMemory(crew.length);
  const workers = crew.map((sockets, index) => {
    const parts = { ...all, settings: shareOf(all.settings, { index, of: crew.length }) };
    if (crew.length === 1) return createWorker('tftp', { ...parts, sockets });
    return createWorker(`tftp ${index + 1}`, { ...parts, sockets, place: { memory, index } });
  });
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.close()));
  };
  try {
    await Promise.all(workers.map(({ loaded }) => loaded));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    tasks: workers.map(({ task }) => task),
    confine: () => {
      for (const worker of workers) worker.confine();
    },
    reconfigure: (settings) => {
      workers.forEach((worker, index) => {
        worker.reconfigure(shareOf(settings, { index, of: crew.length }));
      });
    },
    transfers: async () => (await Promise.all(workers.map((worker) => worker.transfers()))).flat(),
    answer: async () => (await Promise.all(workers.map((worker) => worker.answer()))).every(Boolean),
    close,
  };
}

/** What one worker may use of the link, and of the group addresses. */
function shareOf(settings: TftpSettings, { index, of }: { index: number; of: number }): TftpSettings {
  const { paceMbps, multicast } = settings;
  return {
    ...settings,
    paceMbps: shareOfPace(paceMbps, of),
    multicast: multicast && { ...multicast, address: multicast.address + index * GROUPS_MAX },
  };
}

function shareOfPace(mbps: TftpSettings['paceMbps'], of: number): TftpSettings['paceMbps'] {
  if (typeof mbps !== 'object') return mbps && mbps / of;
  return Object.fromEntries(Object.entries(mbps).map(([name, each]) => [name, each / of]));
}

type WorkerParts = Omit<StartParts, 'thread' | 'confine'> & { readonly startThread: () => TftpThread };

function createWorker(name: string, { startThread, ...parts }: WorkerParts): Worker {
  let { settings } = parts;
  let confine = false;
  let running: TftpServer | undefined;
  let thread = parts.network.worksInThreads ? startThread() : undefined;
  const task: Task = {
    name,
    rest: () =>
      letDatagramsGo(parts.network, {
        sockets: parts.sockets.flatMap(({ listen, transfer }) => [listen, ...transfer]),
      }),
    async run({ signal, ready }) {
      if (thread && !thread.alive) thread = startThread();
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
    loaded: thread?.loaded ?? Promise.resolve(),
    confine() {
      confine = true;
    },
    reconfigure(next) {
      settings = next;
      running?.reconfigure(next);
    },
    transfers: async () => (await running?.transfers()) ?? [],
    answer: async () => running === undefined || (await running.transfers()) !== undefined,
    close: async () => thread?.close(),
  };
}
