import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { BootEvent } from '../../events/event.ts';
import { loadNetwork } from '../../net/load.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { createTftpService, type TftpService } from './serve.ts';

/**
 * The thread that serves: a loop that blocks in the poller and nowhere else. Its event loop does not turn meanwhile, so
 * messages are taken by hand when the poller was woken, and events leave in batches. Between two services it sleeps.
 */

/** An event reaches the log within this time, or as soon as there are so many. */
const EVENTS_WITHIN_MS = 20;
const EVENTS_AT_ONCE = 128;

const port = parentPort!;
const network = await loadNetwork('linux');
port.on('message', (message: ToWorker) => {
  if (message.kind === 'serve') serve(message);
});
post({ kind: 'loaded' });

function post(message: FromWorker): void {
  port.postMessage(message);
}

function serve({ sockets, settings, confine }: ToWorker & { kind: 'serve' }): void {
  const events = createEventBatches();
  let service: TftpService | undefined;
  let failure: string | undefined;
  try {
    const confined = confine ? network.giveUpPrivileges(undefined) : undefined;
    if (confined?.ok === false) throw new Error(`${confined.error.operation}: ${confined.error.errno}`);
    service = createTftpService({ network, sockets, settings, emit: events.emit });
    post({ kind: 'ready', wakeFd: service.poller.wakeFd });
    while (!service.finished) {
      service.poller.wait(Math.min(service.waitMs(), events.dueInMs()));
      service.turn();
      if (service.poller.woken) takeMessages(service);
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

function takeMessages(service: TftpService): void {
  for (let taken = receiveMessageOnPort(port); taken; taken = receiveMessageOnPort(port)) {
    const message = taken.message as ToWorker;
    if (message.kind === 'stop') service.drain(message.graceMs);
    else if (message.kind === 'configure') reconfigure(service, message);
  }
}

function reconfigure(service: TftpService, { settings }: ToWorker & { kind: 'configure' }): void {
  try {
    service.configure(settings);
  } catch (error) {
    post({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
  }
}

function createEventBatches() {
  let events: BootEvent[] = [];
  let sendAt = Number.POSITIVE_INFINITY;
  return {
    emit(event: BootEvent): void {
      if (events.length === 0) sendAt = performance.now() + EVENTS_WITHIN_MS;
      events.push(event);
    },
    /** 0: send now. */
    dueInMs(): number {
      return events.length >= EVENTS_AT_ONCE ? 0 : Math.max(0, sendAt - performance.now());
    },
    send(): void {
      if (events.length > 0) post({ kind: 'events', json: JSON.stringify(events) });
      events = [];
      sendAt = Number.POSITIVE_INFINITY;
    },
  };
}
