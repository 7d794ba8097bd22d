import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { exitCodeOf, reportControl } from '../../src/app/control-report.ts';
import { formatEvent } from '../../src/server/control/send-events.ts';

let folder: string;
let socket: string;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-client-'));
  socket = join(folder, 's');
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => void server.listen({ path: socket }, resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

test('createControlClient() asks, sends JSON, and takes no content for undefined', async () => {
  const seen: unknown[] = [];
  answer = async (request, response) => {
    seen.push([request.method, request.url, request.headers['content-type'], await bodyOf(request)]);
    if (request.method === 'DELETE') response.writeHead(204).end();
    else response.end('{"a":1}');
  };
  const client = createControlClient({ socket });
  expect(await client.get('/x?y=1')).toEqual({ a: 1 });
  expect(await client.send('POST', '/x', { b: [2] })).toEqual({ a: 1 });
  expect(await client.send('DELETE', '/x')).toBeUndefined();
  expect(seen).toEqual([
    ['GET', '/x?y=1', undefined, ''],
    ['POST', '/x', 'application/json', '{"b":[2]}'],
    ['DELETE', '/x', undefined, ''],
  ]);
});

test('createControlClient() says who asks', async () => {
  answer = (request, response) => void response.end(JSON.stringify(request.headers['pxed-user']));
  expect(await createControlClient({ socket }).get('/')).toMatch(/^[\w.@-]+$/);
});

test.each([
  {
    status: 404,
    body: '{"error":{"code":"no-such-lease","message":"none"}}',
    code: 'no-such-lease',
    exit: 5,
  },
  { status: 400, body: '{"error":{"code":"bad-request","message":"what?"}}', code: 'bad-request', exit: 2 },
  {
    status: 422,
    body: '{"error":{"code":"x","message":"no","details":{"problems":["a"]}}}',
    code: 'x',
    exit: 1,
  },
  { status: 502, body: '<html>', code: 'bad-answer', exit: 1 },
])('createControlClient() throws what is refused: $status $code', async ({ status, body, code, exit }) => {
  answer = (_, response) => void response.writeHead(status).end(body);
  const problem = await createControlClient({ socket })
    .get('/')
    .catch((error: unknown) => error);
  expect(problem).toMatchObject({ name: 'ControlProblem', code, status });
  expect(exitCodeOf(problem as never)).toBe(exit);
});

test('createControlClient() says when nobody is there, or goes away', async () => {
  const nowhere = createControlClient({ socket: join(folder, 'nowhere') });
  await expect(nowhere.get('/')).rejects.toMatchObject({
    code: 'no-pxed',
    message: `No pxed is running at ${join(folder, 'nowhere')}`,
  });
  answer = (request) => void request.socket.destroy();
  await expect(createControlClient({ socket }).get('/')).rejects.toMatchObject({ code: 'connection' });
});

test('createControlClient() reads server-sent events, however they are cut up', async () => {
  const events = [
    { event: 'boot', data: { text: 'a\nb: c' }, id: 'r:1' },
    { event: 'machine', data: { id: 'x' } },
  ];
  answer = async (_, response) => {
    const text = `: hello\n\n${events.map(formatEvent).join('')}: beat\n\n`;
    for (const letter of text) {
      response.write(letter);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    response.end();
  };
  const got: unknown[] = [];
  const stop = new AbortController();
  for await (const event of createControlClient({ socket }).stream('/', stop.signal)) got.push(event);
  expect(got).toEqual(events);
});

test('createControlClient() ends a stream without a word when it is told to', async () => {
  answer = (_, response) => void response.write(formatEvent({ event: 'boot', data: 1 }));
  const stop = new AbortController();
  const got: unknown[] = [];
  for await (const event of createControlClient({ socket }).stream('/', stop.signal)) {
    got.push(event);
    stop.abort();
  }
  expect(got).toHaveLength(1);
});

test('createControlClient() uploads and downloads octets', async () => {
  const octets = Buffer.alloc(3_000_000, 5);
  answer = async (request, response) => {
    if (request.method === 'GET') response.writeHead(200, { 'content-length': octets.length }).end(octets);
    else response.end(JSON.stringify({ bytes: (await bodyOf(request)).length }));
  };
  const client = createControlClient({ socket });
  async function* pieces() {
    for (let at = 0; at < octets.length; at += 100_000) yield octets.subarray(at, at + 100_000);
  }
  expect(await client.upload('/f', pieces(), { sizeBytes: octets.length })).toEqual({ bytes: octets.length });
  const { octets: coming, sizeBytes } = await client.download('/f');
  const chunks: Uint8Array[] = [];
  for await (const chunk of coming) chunks.push(chunk);
  expect([sizeBytes, Buffer.concat(chunks).equals(octets)]).toEqual([octets.length, true]);
});

test('createControlClient() stops uploading what is refused', async () => {
  answer = (_, response) =>
    void response.writeHead(409).end('{"error":{"code":"exists","message":"it is there"}}');
  const ended = Promise.withResolvers<void>();
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(65_536);
    } finally {
      ended.resolve();
    }
  }
  const upload = createControlClient({ socket }).upload('/f', endless());
  await expect(upload).rejects.toMatchObject({ code: 'exists' });
  await ended.promise;
});

test('createControlClient() passes on what its source of octets throws', async () => {
  answer = (request) => void request.resume();
  async function* broken() {
    yield Buffer.alloc(10);
    throw new Error('disk');
  }
  await expect(createControlClient({ socket }).upload('/f', broken())).rejects.toThrow(/disk/);
});

test.each([
  [10, 'ended after 10 of 20 octets'],
  [30, 'goes on behind 20 octets'],
])('createControlClient() uploads no %i octets that were to be 20', async (count, why) => {
  answer = (request) => void request.resume();
  async function* other() {
    yield Buffer.alloc(count);
  }
  const upload = createControlClient({ socket }).upload('/f', other(), { sizeBytes: 20 });
  await expect(upload).rejects.toMatchObject({ code: 'source', message: expect.stringContaining(why) });
});

test('reportControl() says why, with all problems, and nothing that a terminal acts on', async () => {
  const body = {
    error: { code: 'x', message: 'two \u001b[31mmistakes', details: { problems: ['a: b', 'c'] } },
  };
  answer = (_, response) => void response.writeHead(422).end(JSON.stringify(body));
  const said: string[] = [];
  const err = { write: (text: string) => void said.push(text) };
  const client = createControlClient({ socket });
  const act = async () => {
    await client.get('/');
    return undefined;
  };
  expect(await reportControl({ err }, act)).toBe(1);
  expect(said.join('')).toBe('pxectl: two ?[31mmistakes\n        a: b\n        c\n');
  await expect(
    reportControl({ err }, () => {
      throw new TypeError('a defect');
    }),
  ).rejects.toThrow('a defect');
});
