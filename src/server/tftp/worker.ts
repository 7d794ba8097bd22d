import { performance } from 'node:perf_hooks';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { loadNetwork } from '../../net/load.ts';
import { createEventBatches } from './event-batches.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { createRenderElsewhere, type RenderElsewhere } from './render.ts';
import { createTftpService, type TftpService } from './serve.ts';
import { createSyncElsewhere, type SyncElsewhere } from './sync-elsewhere.ts';

/**
 * The thread that serves: a loop that blocks in the poller and nowhere else. Its event loop does not turn meanwhile, so
 * messages are taken by hand when the poller was woken, and events leave in batches. Between two services it sleeps.
 */

const port = parentPort!;
const network = await loadNetwork('linux');
port.on('message', (message: ToWorker) => {
  if (message.kind === 'serve') serve(message);
});
post({ kind: 'loaded' });

function post(message: FromWorker): void {
  port.postMessage(message);
}

function serve({ sockets, settings, place, confine, taken }: ToWorker & { kind: 'serve' }): void {
  const counter = new Int32Array(taken);
  const events = createEventBatches({
    post: (json) => post({ kind: 'events', json }),
    taken: () => Atomics.load(counter, 0),
    clock: () => performance.now(),
  });
  const syncing = createSyncElsewhere((id, fd) => post({ kind: 'sync', id, fd }));
  const rendering = createRenderElsewhere((id, ask) => post({ kind: 'render', id, ask }));
  let service: TftpService | undefined;
  let failure: string | undefined;
  try {
    const confined = confine ? network.giveUpPrivileges(undefined) : undefined;
    if (confined?.ok === false) throw new Error(`${confined.error.operation}: ${confined.error.errno}`);
    service = createTftpService({
      ...{ network, sockets, settings, emit: events.emit, sync: syncing.sync, render: rendering.render },
      ...(place && { place }),
    });
    post({ kind: 'ready', wakeFd: service.poller.wakeFd });
    while (!service.finished) {
      service.poller.wait(Math.min(service.waitMs(), events.dueInMs()));
      // Before the datagrams: who was told that a configuration is in force may ask for what it allows.
      if (service.poller.woken) takeMessages(service, { syncing, rendering });
      service.turn();
      if (events.dueInMs() === 0) events.send();
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  try {
    service?.close();
  } catch (error) {
    failure ??= error instanceof Error ? error.message : String(error);
  }
  events.send();
  post({ kind: 'ended', ...(failure !== undefined && { failure }) });
}

/** Those who wait for word of the other thread. */
type Elsewhere = { readonly syncing: SyncElsewhere; readonly rendering: RenderElsewhere };

function takeMessages(service: TftpService, { syncing, rendering }: Elsewhere): void {
  for (let taken = receiveMessageOnPort(port); taken; taken = receiveMessageOnPort(port)) {
    const message = taken.message as ToWorker;
    if (message.kind === 'stop') service.drain(message.graceMs);
    else if (message.kind === 'synced') syncing.synced(message.id, message.errno);
    else if (message.kind === 'rendered') rendering.rendered(message.id, message.file);
    else if (message.kind === 'configure') reconfigure(service, message);
    else if (message.kind === 'look')
      post({ kind: 'looked', id: message.id, transfers: service.engine.transfers() });
  }
}

function reconfigure(service: TftpService, { settings }: ToWorker & { kind: 'configure' }): void {
  try {
    service.configure(settings);
  } catch (error) {
    post({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
  }
}
