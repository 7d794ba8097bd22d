import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createPerAddress } from '../http/per-address.ts';

/** Answers a request; made when the first one comes. */
export type ControlHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Connections at once, of one port. */
const CONNECTIONS_MOST = 128;
const PER_ADDRESS_MOST = 32;
const HEADERS_MS = 10_000;
/** A connection by TCP on which nothing moves. Streams of events say something each 15 seconds. */
const IDLE_MS = 300_000;

/**
 * An HTTP server that costs nothing before somebody comes: `load` brings the framework and all that is served then. Connections are
 * limited in number and in time; none of them can end the process. `local`: for a Unix socket.
 */
export function createControlServer(
  load: () => Promise<ControlHandler>,
  { local = false }: { readonly local?: boolean } = {},
): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      // Uploads take as long as they take, while something moves.
      requestTimeout: 0,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: 30_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      load()
        .then((handle) => {
          // Who left while it was loaded would never be seen to leave.
          if (!response.destroyed) handle(request, response);
        })
        .catch(() => {
          if (response.headersSent) request.socket.destroy();
          else refuse(request.socket, '503 Service Unavailable');
        });
    },
  );
  server.maxConnections = CONNECTIONS_MOST;
  // Who is on this machine may wait for as long as what was asked takes.
  if (!local) server.setTimeout(IDLE_MS, (socket: Socket) => socket.destroy());
  const perAddress = createPerAddress(PER_ADDRESS_MOST);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    // Who comes by a Unix socket has no address.
    if (socket.remoteAddress !== undefined && !perAddress.admit(socket)) socket.destroy();
  });
  server.on('clientError', (_error, socket) => refuse(socket as Socket, '400 Bad Request'));
  server.on('error', () => {});
  return server;
}

/** Whoever is refused may leave his side open for ever: the connection is over once the answer is with the system. */
function refuse(socket: Socket, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  socket.destroySoon();
}
