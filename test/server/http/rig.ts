import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BootEvent } from '../../../src/events/event.ts';
import type { Network } from '../../../src/net/datagram.ts';
import { loadNetwork } from '../../../src/net/load.ts';
import { type HttpParts, startHttpServer } from '../../../src/server/http/server.ts';
import { HTTP_LIMITS, type HttpLimits } from '../../../src/server/http/settings.ts';

const LOOPBACK = 0x7f00_0001;

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, until the test ends. */
export function folderWith(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'pxed-http-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

type Options = Pick<HttpParts, 'rendered' | 'takeReport'> & {
  readonly limits?: Partial<HttpLimits>;
  readonly backend?: Network['name'];
};

/** A server of `root` on a port of 127.0.0.1, until the test ends. */
export async function startServer(root: string, { limits, backend, ...options }: Options = {}) {
  const network = await loadNetwork(backend);
  const bound = await network.tcp.bind({ address: LOOPBACK, port: 0 });
  if (!bound.ok) throw new Error(bound.error.errno);
  const events: BootEvent[] = [];
  const waiting: { ready: (event: BootEvent) => boolean; resolve: (event: BootEvent) => void }[] = [];
  const parts: HttpParts = {
    ...{ network, ports: [bound.value], settings: { root, ignoreCase: true }, ...options },
    limits: { ...HTTP_LIMITS, ...limits },
    emit(event) {
      events.push(event);
      for (const { ready, resolve } of waiting) if (ready(event)) resolve(event);
    },
  };
  onTestFinished(() => network.tcp.release(bound.value));
  async function start() {
    const server = startHttpServer(parts);
    onTestFinished(() => server.stop(0));
    await server.ready;
    return server;
  }
  return {
    ...{ server: await start(), restart: start, events, port: bound.value.port },
    /** The first event of this type, which may have been told already. */
    event<T extends BootEvent['type']>(type: T): Promise<Extract<BootEvent, { type: T }>> {
      const ready = (event: BootEvent): event is Extract<BootEvent, { type: T }> => event.type === type;
      const known = events.find(ready);
      if (known) return Promise.resolve(known);
      return new Promise((resolve) => {
        waiting.push({ ready, resolve: (event) => ready(event) && resolve(event) });
      });
    },
  };
}

export type Reply = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** As they came, the status line first. */
  readonly lines: readonly string[];
  readonly body: Buffer;
};

/** A connection whose octets are seen as they come. */
export type RawClient = {
  readonly socket: Socket;
  send(text: string): void;
  /** The next reply, by its Content-Length; `headOnly` for what has none. Rejects when the connection ends before. */
  reply(headOnly?: boolean): Promise<Reply>;
  /** Resolves when the server has ended the connection, to what came besides. */
  readonly ended: Promise<Buffer>;
};

export function connectTo(port: number): RawClient {
  const socket = createConnection({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  const end = Promise.withResolvers<Buffer>();
  let buffer = Buffer.alloc(0); // the start of `room` that is in use
  let room = buffer;
  let isOver = false;
  let wake: () => void = () => {};
  socket.on('data', (octets: Buffer) => {
    const used = buffer.length;
    if (used + octets.length > room.length) {
      room = Buffer.allocUnsafe(2 * (used + octets.length)); // twice: each octet is moved a few times only
      buffer.copy(room);
    }
    octets.copy(room, used);
    buffer = room.subarray(0, used + octets.length);
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isOver = true;
    end.resolve(buffer);
    wake();
  });

  async function reply(headOnly = false): Promise<Reply> {
    for (;;) {
      const done = parse(buffer, headOnly);
      if (done) {
        room = room.subarray(done.octets);
        buffer = buffer.subarray(done.octets);
        return done.reply;
      }
      if (isOver) throw new Error(`The connection ended after ${buffer.length} octets`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return { socket, send: (text) => void socket.write(text, 'latin1'), reply, ended: end.promise };
}

function parse(buffer: Buffer, headOnly: boolean): { reply: Reply; octets: number } | undefined {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const lines = buffer.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: */, '')]),
  );
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(lines[0]!)?.[1]);
  const length = headOnly || status === 304 || status === 204 ? 0 : Number(headers['content-length']);
  const octets = end + 4 + length;
  if (!(buffer.length >= octets)) return undefined;
  return { reply: { status, headers, lines, body: buffer.subarray(end + 4, octets) }, octets };
}

/** One request on a connection of its own. `head`: lines of headers besides Host. */
export async function ask(port: number, line: string, head: readonly string[] = []): Promise<Reply> {
  const client = connectTo(port);
  client.send(`${line} HTTP/1.1\r\n${['Host: pxe', ...head].join('\r\n')}\r\n\r\n`);
  const reply = await client.reply(line.startsWith('HEAD '));
  client.socket.destroy();
  return reply;
}

/** Octets of which no two places look alike. */
export function octetsOf(length: number): Buffer {
  const octets = Buffer.allocUnsafe(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i;
    octets[i] = state >>> 24;
  }
  return octets;
}
