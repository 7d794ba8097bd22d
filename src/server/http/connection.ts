import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpPeer } from '../../events/event.ts';
import type { SentOctets } from '../../net/tcp.ts';
import { untilAcknowledged, type Waiting } from './acknowledged.ts';

/** A client's connection. Its requests are answered one after the other, in the order they came. */
export type Connection = {
  readonly client: HttpPeer;
  /** No request is being answered. */
  readonly idle: boolean;
  /** Resolves when the client has acknowledged what was sent so far; to false when the connection ends before. */
  delivered(): Promise<boolean>;
  /** A request came. */
  take(request: IncomingMessage, response: ServerResponse): void;
};

export type ConnectionParts = {
  readonly answer: (
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ) => Promise<void>;
  readonly sent?: SentOctets | undefined;
  /** Requests that may wait; a client that sends more without reading answers is left. */
  readonly pipelined: number;
};

export function createConnection(socket: Socket, parts: ConnectionParts): Connection {
  // The address is gone with the connection.
  const client: HttpPeer = {
    peer: (socket.remoteAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/, ''),
    port: socket.remotePort ?? 0,
  };
  const queue: [IncomingMessage, ServerResponse][] = [];
  let answering = false;
  let waiting: Waiting | undefined;

  function next(): void {
    const job = queue.shift();
    answering = job !== undefined && !socket.destroyed;
    if (!job || !answering) return;
    const [request, response] = job;
    // By then node:http has given the connection to the response behind it.
    response.once('close', next);
    void parts.answer(request, response, connection);
  }

  const connection: Connection = {
    client,
    get idle() {
      return !answering;
    },
    delivered() {
      waiting = untilAcknowledged(socket, parts.sent);
      return waiting.settled;
    },
    take(request, response) {
      // Who asks for more has what came before.
      waiting?.look();
      if (queue.length >= parts.pipelined) {
        socket.destroy();
        return;
      }
      queue.push([request, response]);
      if (!answering) next();
    },
  };
  return connection;
}
