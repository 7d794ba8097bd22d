import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { BootEvent } from '../../events/event.ts';
import { loadNetwork } from '../../net/load.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { createTftpService } from './serve.ts';

/**
 * The thread that serves: a loop that blocks in the poller and nowhere else. Its event loop never turns, so messages are taken by
 * hand when the poller was woken, and events leave in batches.
 */

/** An event reaches the log within this time, or as soon as there are so many. */
const EVENTS_WITHIN_MS = 20;
const EVENTS_AT_ONCE = 128;

const port = parentPort!;
const start = workerData as WorkerStart;
const network = await loadNetwork('linux');
let events: BootEvent[] = [];
let sendEventsAt = Number.POSITIVE_INFINITY;

function post(message: FromWorker): void {
  port.postMessage(message);
}

function emit(event: BootEvent): void {
  if (events.length === 0) sendEventsAt = performance.now() + EVENTS_WITHIN_MS;
  events.push(event);
}

function sendEvents(): void {
  post({ kind: 'events', events });
  events = [];
  sendEventsAt = Number.POSITIVE_INFINITY;
}

const service = createTftpService({ network, ...start, emit });

function takeMessages(): void {
  for (let taken = receiveMessageOnPort(port); taken; taken = receiveMessageOnPort(port)) {
    const message = taken.message as ToWorker;
    if (message.kind === 'stop') service.drain(message.graceMs);
    else reconfigure(message);
  }
}

function reconfigure({ settings }: ToWorker & { kind: 'configure' }): void {
  try {
    service.configure(settings);
  } catch (error) {
    post({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
  }
}

post({ kind: 'ready', wakeFd: service.poller.wakeFd });
while (!service.finished) {
  service.poller.wait(Math.min(service.waitMs(), Math.max(0, sendEventsAt - performance.now())));
  service.turn();
  if (service.poller.woken) takeMessages();
  if (events.length >= EVENTS_AT_ONCE || performance.now() >= sendEventsAt) sendEvents();
}
service.close();
sendEvents();
