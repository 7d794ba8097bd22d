// Imported: the global of that name is a getter, and the time is asked for several times a packet.
import { performance } from 'node:perf_hooks';
import type { Emit } from '../../events/event.ts';
import type { DatagramSocket, Network, Poller } from '../../net/datagram.ts';
import type { BootTree } from '../../store/boot-file.ts';
import { createBootTree } from '../../store/boot-tree.ts';
import type { Sync } from '../../store/upload.ts';
import { createCensus, type Place } from './census.ts';
import type { Endpoint } from './endpoints.ts';
import { BATCH, createTftpEngine, type TftpEngine } from './engine.ts';
import type { Render } from './render.ts';
import { SLOT_BYTES } from './requests.ts';
import type { TftpSettings } from './settings.ts';
import type { TftpPort, TftpSockets } from './sockets.ts';

/** An engine with its sockets and a poller over them, whoever turns the crank. */
export type TftpService = {
  readonly engine: TftpEngine;
  readonly poller: Poller;
  /** After each wait of the poller. */
  turn(): void;
  /** How long the next wait may take. */
  waitMs(): number;
  configure(settings: TftpSettings): void;
  /**
   * Takes no more requests (they stay queued for whoever serves next) and gives transfers until `graceMs` have passed.
   */
  drain(graceMs: number): void;
  /** Drained, or out of grace. */
  readonly finished: boolean;
  close(): void;
};

export type ServiceParts = {
  readonly network: Network;
  readonly sockets: TftpSockets;
  readonly settings: TftpSettings;
  readonly emit: Emit;
  /** How uploads get to the disk; on the spot when left out. */
  readonly sync?: Sync;
  /** Makes configurations that the tree does not have. */
  readonly render?: Render;
  /** Among the workers of one server; alone when left out. */
  readonly place?: Place;
};

/** How long timers wait for a flood of datagrams to end. */
const PATIENCE_MS = 100;

/** Attaches to the sockets and opens the root. Throws Error when the root cannot be opened. */
export function createTftpService(parts: ServiceParts): TftpService {
  const { network, sockets, settings, emit, place, sync, render } = parts;
  const clock = () => performance.now();
  let tree = openTree(network, settings);
  const attach = { slotBytes: SLOT_BYTES, batch: BATCH };
  const join = ({ listen, transfer }: TftpPort): Endpoint => ({
    listen: network.attach(listen, attach),
    transfer: transfer.map((bound) => network.attach(bound, attach)),
  });
  const ports = sockets.map(join);
  const attached = ports.flatMap(({ listen, transfer }) => [listen, ...transfer]);
  const poller = network.createPoller();
  for (const socket of attached) poller.add(socket);
  const census = place && createCensus(place);
  const engine = createTftpEngine({
    ...{ ports, network, settings, tree, emit, clock, randomHex },
    ...(census && { census }),
    ...(sync && { sync }),
    ...(render && { render }),
  });
  let stopAt: number | undefined;

  return {
    engine,
    poller,
    turn() {
      let drained = true;
      for (let i = 0; i < poller.readyCount; i++) {
        drained = engine.onReady(poller.ready(i) as DatagramSocket) && drained;
      }
      // The ACK that a timer waits for may be among what is still queued.
      const lateMs = clock() - engine.nextDeadline();
      if (lateMs >= (drained ? 0 : PATIENCE_MS)) engine.onTime();
    },
    waitMs() {
      const until = Math.min(engine.nextDeadline(), stopAt ?? Number.POSITIVE_INFINITY);
      return Math.max(0, until - clock());
    },
    configure(next) {
      const nextTree = openTree(network, next);
      engine.configure(next, nextTree);
      tree.close();
      tree = nextTree;
    },
    drain(graceMs) {
      if (stopAt !== undefined) return;
      stopAt = clock() + graceMs;
      engine.abandonWaiting();
      // In single-port mode ACKs come there too: then it stays, and new requests are served until the end.
      for (const { listen, transfer } of ports) if (transfer.length > 0) poller.remove(listen);
    },
    get finished() {
      return stopAt !== undefined && (engine.active === 0 || clock() >= stopAt);
    },
    close() {
      engine.abortAll();
      poller.close();
      for (const socket of attached) socket.detach();
      engine.close();
      tree.close();
    },
  };
}

function openTree(network: Network, { root, ignoreCase }: TftpSettings): BootTree {
  const { openBeneath } = network;
  return createBootTree(root, { ignoreCase, ...(openBeneath && { openBeneath }) });
}

function randomHex(): string {
  return crypto.randomUUID().replaceAll('-', '');
}
