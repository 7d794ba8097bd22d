import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Emit } from '../../events/event.ts';
import type { Network } from '../../net/datagram.ts';
import type { BoundTcp } from '../../net/tcp.ts';
import { createBootTree } from '../../store/boot-tree.ts';
import type { RenderedFiles } from '../boot/rendered-files.ts';
import type { LiveTransfer } from '../live-transfer.ts';
import { createChunks } from './chunks.ts';
import { type Connection, createConnection } from './connection.ts';
import { createFileHandler, type TakeReport } from './files.ts';
import { createPerAddress } from './per-address.ts';
import { createHttpReport } from './report.ts';
import { HTTP_LIMITS, type HttpLimits, type HttpSettings } from './settings.ts';
import { createUnderWay } from './under-way.ts';

/** An HTTP server that runs. */
export type HttpServer = {
  /** Resolves when requests are answered; rejects when it cannot start (the root cannot be opened). */
  readonly ready: Promise<void>;
  /** Resolves after stop(); rejects when the server dies by itself. */
  readonly finished: Promise<void>;
  /** Takes no more connections, gives running transfers `graceMs`, then ends them. */
  stop(graceMs: number): Promise<void>;
  /** For requests from now on. Throws, and changes nothing, when the root cannot be opened. */
  reconfigure(settings: HttpSettings): void;
  /** Those under way. */
  transfers(): LiveTransfer[];
};

export type HttpParts = {
  readonly network: Pick<Network, 'tcp' | 'openBeneath' | 'pageCache'>;
  /** Ports to listen on; they stay open when the server ends. */
  readonly ports: readonly BoundTcp[];
  readonly settings: HttpSettings;
  readonly emit: Emit;
  readonly rendered?: RenderedFiles | undefined;
  readonly takeReport?: TakeReport | undefined;
  readonly limits?: HttpLimits;
};

/**
 * Serves the files of `settings.root` by HTTP/1.1, in this thread: a turn of the event loop copies half a megabyte for a
 * client at most, and what lies on a disk is read by libuv's pool.
 *
 *     const bound = await network.tcp.bind({ interface: 'eth0', port: 80 });
 *     const server = startHttpServer({ network, ports: [bound.value], settings, emit });
 *     await server.ready;
 */
export function startHttpServer(parts: HttpParts): HttpServer {
  const { network, emit, limits = HTTP_LIMITS } = parts;
  const open = ({ root, ignoreCase }: HttpSettings) =>
    createBootTree(root, { ignoreCase, ...(network.openBeneath && { openBeneath: network.openBeneath }) });
  const now = () => performance.now();
  const report = createHttpReport(emit, now);
  const underWay = createUnderWay(now);
  let tree: ReturnType<typeof open>;
  const answer = createFileHandler({
    tree: () => tree,
    ...{ rendered: parts.rendered, takeReport: parts.takeReport, report, underWay },
    io: { chunks: createChunks(limits.bufferedOctets), pageCache: network.pageCache },
    bodyOctets: limits.bodyOctets,
    wallClock: Date.now,
  });
  const connections = new WeakMap<Socket, Connection>();

  function connectionOf(socket: Socket): Connection {
    const known = connections.get(socket);
    if (known) return known;
    const { pipelined } = limits;
    const made = createConnection(socket, { answer, sent: network.tcp.sent, pipelined });
    connections.set(socket, made);
    return made;
  }

  function listenOn(port: BoundTcp): Server {
    const server = createServer(optionsOf(limits), (request: IncomingMessage, response: ServerResponse) =>
      connectionOf(request.socket).take(request, response),
    );
    server.maxConnections = Math.ceil(limits.connections / parts.ports.length);
    server.timeout = limits.stalledMs;
    const clients = createPerAddress(Math.ceil(server.maxConnections * SHARE_OF_ONE));
    server.on('connection', (socket: Socket) => {
      if (!clients.admit(socket)) socket.destroy();
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      refuseUnread(error.code ?? '', socket as Socket);
    });
    server.listen(network.tcp.listenOptions(port));
    return server;
  }

  /** What is no HTTP request, comes too slowly, or has too many headers. */
  function refuseUnread(code: string, socket: Socket): void {
    const connection = connectionOf(socket);
    if (code !== 'ECONNRESET') report.malformed(connection.client, code || 'unknown');
    const status = CLIENT_ERRORS[code] ?? '400 Bad Request';
    // In the midst of an answer it would be taken for a part of that.
    if (socket.writable && connection.idle)
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  }

  const servers: Server[] = [];
  const ended = Promise.withResolvers<void>();
  const start = async () => {
    tree = open(parts.settings);
    try {
      for (const port of parts.ports) servers.push(listenOn(port));
      await Promise.all(servers.map(listening));
      for (const server of servers) server.on('error', (error) => ended.reject(error));
    } catch (error) {
      for (const server of servers) server.close();
      tree.close();
      throw error;
    }
  };
  const ready = start();
  ready.catch(ended.reject);
  ended.promise.catch(() => {}); // whoever waits for `ready` hears of it too

  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    if (!(await ready.then(() => true).catch(() => false))) return;
    const closed = Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    const until = performance.now() + graceMs;
    const timer = setInterval(() => {
      const over = performance.now() >= until;
      for (const server of servers) over ? server.closeAllConnections() : server.closeIdleConnections();
    }, 50);
    await closed;
    clearInterval(timer);
    tree.close();
    ended.resolve();
  }

  return {
    ready,
    finished: ended.promise,
    stop(graceMs) {
      stopped ??= stop(graceMs);
      return stopped;
    },
    reconfigure(settings) {
      const next = open(settings);
      tree.close();
      tree = next;
    },
    transfers: () => underWay.all(),
  };
}

/** Of the connections, for one address; as TFTP's transfers. */
const SHARE_OF_ONE = 3 / 4;

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};

function optionsOf(limits: HttpLimits) {
  return {
    keepAliveTimeout: limits.idleMs,
    headersTimeout: limits.requestMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(5000, Math.ceil(limits.requestMs / 4)),
    maxHeaderSize: limits.headerOctets,
    // It is asked for with an answer of our own, which has a length.
    requireHostHeader: false,
    noDelay: true,
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    if (server.listening) resolve();
    server.once('listening', resolve);
    server.once('error', reject);
  });
}
