import { createServer } from 'node:net';
import type { BoundFrames, BoundSocket, Network } from '../net/datagram.ts';
import type { BoundTcp } from '../net/tcp.ts';

/** Requests that waited for less are answered: a service that is restarted leaves nobody out. */
const FRESH_MS = 1000;
/** Batches of one socket: more cannot wait in its buffer. */
const BATCHES_MOST = 10_000;

export type Queues = { readonly sockets: readonly BoundSocket[]; readonly frames?: readonly BoundFrames[] };

/**
 * What a halted service does about its datagrams: they wait in the kernel, whose sockets stay open, and are thrown away before it
 * serves again. Whoever sent them has long given up, or asks again.
 */
export function letDatagramsGo(network: Network, { sockets, frames = [] }: Queues): () => void {
  const since = performance.now();
  return () => {
    if (performance.now() - since < FRESH_MS) return;
    for (const bound of sockets) {
      const socket = network.attach(bound, { slotBytes: 64, outMessages: 1 });
      for (let batch = 0; batch < BATCHES_MOST && socket.receive() > 0; batch++);
      socket.detach();
    }
    for (const bound of frames) {
      const socket = network.attachFrames(bound);
      for (let frame = 0; frame < BATCHES_MOST && socket.receive() !== undefined; frame++);
      socket.detach();
    }
  };
}

/**
 * What a halted service does about connections: the port stays open, so each is reset at once, for nobody is to wait for an answer
 * that does not come.
 */
export function turnConnectionsAway({ tcp }: Pick<Network, 'tcp'>, ports: readonly BoundTcp[]): () => void {
  const servers = ports
    // Where a port cannot be held open, it is closed now: the system refuses by itself.
    .filter(({ fd }) => fd >= 0)
    .map((port) => {
      const server = createServer((socket) => socket.on('error', () => {}).resetAndDestroy());
      server.on('error', () => {});
      return server.listen(tcp.listenOptions(port));
    });
  return () => {
    for (const server of servers) server.close();
  };
}
