import { type ReadonlySignal, signal } from '@preact/signals';
import type { MachineJson } from '../../server/control/machine-routes.ts';
import { NO_RATES, type Rates, withLook } from '../model/rates.ts';
import type { Api } from './api.ts';
import { type Connection, type EventStream, openEventStream } from './event-stream.ts';
import { createMachines, type Machines } from './machines.ts';
import { type Machine, machineOf, type Throughput, type Transfer } from './shapes.ts';

/** What happens at this moment; kept from the sign-in to the sign-out, whatever view is open. */
export type Live = {
  readonly connection: ReadonlySignal<Connection>;
  /** When something was heard last, ms since 1970. */
  readonly heardAt: ReadonlySignal<number>;
  readonly machines: Machines;
  readonly isLoaded: ReadonlySignal<boolean>;
  readonly transfers: ReadonlySignal<readonly Transfer[]>;
  readonly rates: ReadonlySignal<Rates>;
  start(): void;
  stop(): void;
};

export type LiveParts = {
  readonly api: Api;
  /** Is the session still one? */
  readonly isSignedIn: () => Promise<boolean>;
};

/** pxed tells its counters each second: this long without is gone. */
const SILENCE_MS = 10_000;
/** What time alone changes (a boot that got stuck) is asked for. */
const ASK_AGAIN_MS = 20_000;

export function createLive({ api, isSignedIn }: LiveParts): Live {
  const connection = signal<Connection>('connecting');
  const heardAt = signal(Date.now());
  const isLoaded = signal(false);
  const transfers = signal<readonly Transfer[]>([]);
  const rates = signal(NO_RATES);
  const machines = createMachines((run, ms) => void window.setTimeout(run, ms));
  let look: Throughput | undefined;
  let stream: EventStream | undefined;
  let timer: number | undefined;

  async function refresh(): Promise<void> {
    try {
      machines.replace(await readMachines(api));
      isLoaded.value = true;
    } catch {
      // The stream says that pxed is gone; what was known is still shown.
    }
  }

  return {
    ...{ connection, heardAt, machines, isLoaded, transfers, rates },
    start() {
      stream ??= openEventStream({
        path: () => '/api/v1/events?stream=machine,transfers,throughput',
        silenceMs: SILENCE_MS,
        mayRetry: isSignedIn,
        onConnection(now) {
          connection.value = now;
          if (now === 'open') void refresh();
        },
        on: {
          machine: (data) => machines.take(machineOf(data as MachineJson)),
          transfers: (data) => {
            transfers.value = data as readonly Transfer[];
          },
          throughput: (data) => {
            const next = data as Throughput;
            rates.value = withLook(rates.peek(), look, next);
            look = next;
            heardAt.value = Date.now();
          },
        },
      });
      timer ??= window.setInterval(() => {
        if (connection.peek() === 'open') void refresh();
      }, ASK_AGAIN_MS);
    },
    stop() {
      stream?.close();
      stream = undefined;
      clearInterval(timer);
      timer = undefined;
      machines.replace([]);
      isLoaded.value = false;
    },
  };
}

async function readMachines(api: Api): Promise<Machine[]> {
  const { machines } = await api.get<{ machines: MachineJson[] }>('machines?limit=10000');
  return machines.map(machineOf);
}
