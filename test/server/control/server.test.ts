import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createControlClient } from '../../../src/app/control-client.ts';
import { type ControlApp, createControlApp } from '../../../src/server/control/app.ts';
import { ControlError } from '../../../src/server/control/control-error.ts';
import { nothing, route } from '../../../src/server/control/route.ts';
import { createControlServer } from '../../../src/server/control/server.ts';
import { anyLetter } from '../../rig/any-letter.ts';

let folder: string;
let path: string;
let server: Server;
let app: ControlApp;
let faults: unknown[];

const hello = route({
  ...{ method: 'POST', path: '/api/v1/hello/:name', summary: 'x', tag: 'x' },
  params: z.strictObject({ name: z.string() }),
  query: z.strictObject({ loud: z.string().optional() }),
  body: z.strictObject({ word: z.string() }).optional(),
  response: z.string(),
  handle: ({ params }) => `hello ${params.name}`,
});

/** Takes one piece of what is sent, and no more. */
const choosy = route({
  ...{ method: 'PUT', path: '/api/v1/choosy', summary: 'x', tag: 'x', body: 'octets', response: nothing },
  async handle({ body }) {
    for await (const _ of body) break;
    throw new ControlError(409, 'exists', 'it is there already');
  },
});

/** Takes all that is sent. */
const eager = route({
  ...{ method: 'PUT', path: '/api/v1/eager', summary: 'x', tag: 'x', body: 'octets', response: nothing },
  async handle({ body }) {
    for await (const _ of body);
    return undefined;
  },
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-control-'));
  path = join(folder, 's');
  faults = [];
  app = await createControlApp({
    ...{ routes: [hello, choosy, eager], admit: () => 'ann', pages: () => undefined },
    onFault: (error) => void faults.push(error),
  });
  server = createControlServer(async () => app.handle, { local: true });
  await new Promise<void>((resolve) => void server.listen({ path }, resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await app.close();
  rmSync(folder, { recursive: true });
});

/** Sends octets, and resolves with what came back when the other side, or time, ended it. */
function converse(octets: Uint8Array | string): Promise<string> {
  return new Promise((resolve) => {
    const got: string[] = [];
    const socket = connect(path);
    socket.on('data', (chunk) => void got.push(chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(got.join('')));
    socket.end(octets);
  });
}

const GOOD = 'POST /api/v1/hello/ann HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

test('createControlServer() answers by its app', async () => {
  const answer = await converse(GOOD);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toMatch(/hello ann$/);
});

test('createControlServer() answers whatever comes, and goes on', async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: anyLetter, maxLength: 100 }).map((text) => new TextEncoder().encode(text)),
    fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'BREW', ''),
        target: fc.oneof(
          fc.webPath(),
          fc.constantFrom('*', '/api/v1/hello/%', '/api/v1/hello/a?loud=1&loud=2', '//', '/..'),
        ),
        header: fc.constantFrom(
          ...[
            '',
            'content-length: 5',
            'content-length: -1',
            'transfer-encoding: chunked',
            'upgrade: websocket',
          ],
          ...[
            'content-type: application/json\r\ncontent-length: 3',
            'expect: 100-continue',
            'connection: upgrade',
          ],
        ),
        body: fc.string({ maxLength: 40 }),
      })
      .map(({ method, target, header, body }) =>
        new TextEncoder().encode(`${method} ${target} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n${body}`),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 3 }), async (chunks) => {
      const answer = await converse(Buffer.concat(chunks));
      if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 [1-4]\d\d /);
    }),
    { numRuns: 150 },
  );
  expect(faults).toEqual([]);
  expect(await converse(GOOD)).toContain('hello ann');
});

test('createControlServer() ends the connection of whoever is refused and does not hang up', async () => {
  const open = () =>
    new Promise<number>((resolve) => void server.getConnections((_, count) => resolve(count)));
  // Kept alive by clients of other tests.
  const before = await open();
  const got: string[] = [];
  const socket = connect({ path, allowHalfOpen: true }).on('error', () => {});
  socket.on('data', (chunk) => void got.push(chunk.toString('latin1')));
  const ended = new Promise((resolve) => void socket.once('end', resolve));
  socket.write('no request at all\r\n\r\n');
  await ended;
  // Long before whoever says nothing is looked for.
  await expect.poll(open, { timeout: 3000 }).toBeLessThanOrEqual(before);
  expect(got.join('')).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
});

test('createControlServer() lets nobody have more connections than there are', async () => {
  const idle = Array.from({ length: 128 }, () => connect(path).on('error', () => {}));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  expect(await converse(GOOD)).toBe('');
  for (const socket of idle) socket.destroy();
  await expect.poll(() => converse(GOOD)).toContain('hello ann');
});

test('createControlServer() says why it takes no more of a body, however much is still to come', async () => {
  const client = createControlClient({ socket: path });
  async function* much() {
    for (let i = 0; i < 500; i++) yield Buffer.alloc(65_536);
  }
  for (let i = 0; i < 10; i++) {
    await expect(client.upload('/api/v1/choosy', much())).rejects.toMatchObject({
      code: 'exists',
      status: 409,
    });
  }
});

test('createControlServer() does nothing for who is gone before the framework is there', async () => {
  const loading = Promise.withResolvers<ControlApp['handle']>();
  const calls: string[] = [];
  const late = createControlServer(() => loading.promise, { local: true });
  const closed = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  late.on('connection', (socket) => socket.once('close', closed.resolve));
  late.on('request', () => asked.resolve());
  await new Promise<void>((resolve) => void late.listen({ path: `${path}-late` }, resolve));
  const socket = connect(`${path}-late`);
  socket.write('GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await asked.promise;
  socket.destroy();
  await closed.promise;
  loading.resolve((request) => void calls.push(request.url ?? ''));
  await loading.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual([]);
  await new Promise((resolve) => late.close(resolve));
});

test.each([
  ['JSON', 'POST /api/v1/hello/ann', 'application/json', '{"word":'],
  ['a file', 'PUT /api/v1/eager', 'application/octet-stream', 'half a file'],
])(
  'createControlServer() takes nobody for a fault who leaves in the middle of %s',
  async (_, line, type, body) => {
    const closed = new Promise((resolve) => {
      server.once('connection', (socket) => void socket.once('close', resolve));
    });
    const socket = connect(path);
    const head = `content-type: ${type}\r\ncontent-length: 1000\r\n\r\n${body}`;
    const got = new Promise((resolve) => void server.once('request', resolve));
    socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\n${head}`);
    await got;
    socket.destroy();
    await closed;
    expect(await converse(GOOD)).toContain('hello ann');
    expect(faults).toEqual([]);
  },
);

test('createControlServer() outlives an app that throws', async () => {
  const broken = createControlServer(async () => () => {
    throw new Error('a defect');
  });
  const other = join(folder, 'broken');
  await new Promise<void>((resolve) => void broken.listen({ path: other }, resolve));
  path = other;
  expect(await converse(GOOD)).toMatch(/^HTTP\/1\.1 503 /);
  await new Promise((resolve) => broken.close(resolve));
});

test('createControlServer() closes a connection whose app cannot be loaded, and tries again with the next', async () => {
  let tries = 0;
  const other = createControlServer(async () => {
    if (++tries === 1) throw new Error('no memory');
    return app.handle;
  });
  const first = path;
  path = join(folder, 'other');
  await new Promise<void>((resolve) => void other.listen({ path }, resolve));
  expect(await converse(GOOD)).toMatch(/^HTTP\/1\.1 503 /);
  expect(await converse(GOOD)).toContain('hello ann');
  await new Promise((resolve) => other.close(resolve));
  path = first;
});
