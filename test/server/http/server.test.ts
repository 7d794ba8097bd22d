import { once } from 'node:events';
import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RenderedFiles } from '../../../src/server/boot/rendered-files.ts';
import { ask, connectTo, folderWith, octetsOf, startServer } from './rig.ts';

const MB = 1024 * 1024;
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: pxe\r\n\r\n`;

test.each(['linux', 'dgram'] as const)(
  'startHttpServer() sends large files octet by octet (%s)',
  async (backend) => {
    const initrd = octetsOf(5 * MB + 17);
    const { port, event } = await startServer(folderWith({ initrd }), { backend });
    const reply = await ask(port, 'GET /initrd');
    expect(reply.body.equals(initrd)).toBe(true);
    const done = await event('http.done');
    expect(done).toMatchObject({ file: '/initrd', path: 'initrd', bytes: initrd.length, whole: true });
  },
);

test('startHttpServer() sends a part of a large file from the middle', async () => {
  const initrd = octetsOf(3 * MB);
  const { port, event } = await startServer(folderWith({ initrd }));
  const reply = await ask(port, 'GET /initrd', [`Range: bytes=${MB + 1}-${2 * MB}`]);
  expect(reply.body.equals(initrd.subarray(MB + 1, 2 * MB + 1))).toBe(true);
  expect(await event('http.done')).toMatchObject({ bytes: MB, sizeBytes: 3 * MB, whole: false });
});

test('startHttpServer() a file that was cut short under way ends the connection', async () => {
  const root = folderWith({ initrd: Buffer.alloc(64 * MB) });
  const { port, event } = await startServer(root);
  const client = connectTo(port);
  client.socket.pause();
  client.send(GET('/initrd'));
  await event('http.started');
  truncateSync(join(root, 'initrd'), 1000);
  client.socket.resume();
  const came = await client.ended;
  expect(came.length).toBeLessThan(64 * MB);
  expect(await event('http.failed')).toMatchObject({ failure: 'cut-short', sizeBytes: 64 * MB });
});

test('startHttpServer() a file that was rewritten under way ends the connection', async () => {
  const root = folderWith({ initrd: Buffer.alloc(64 * MB) });
  utimesSync(join(root, 'initrd'), 1, 1);
  const { port, event } = await startServer(root);
  const client = connectTo(port);
  client.socket.pause();
  client.send(GET('/initrd'));
  await event('http.started');
  writeFileSync(join(root, 'initrd'), Buffer.alloc(64 * MB, 1), { flag: 'r+' });
  client.socket.resume();
  const came = await client.ended;
  expect(came.length).toBeLessThan(64 * MB);
  expect(await event('http.failed')).toMatchObject({ failure: 'changed', sizeBytes: 64 * MB });
});

test('startHttpServer() tells what is under way, and how much of it', async () => {
  const { port, event, server } = await startServer(folderWith({ initrd: Buffer.alloc(64 * MB) }));
  expect(server.transfers()).toEqual([]);
  const client = connectTo(port);
  client.socket.pause();
  client.send(GET('/initrd'));
  await event('http.started');
  await expect.poll(() => server.transfers()[0]?.bytes).toBeGreaterThan(0);
  const [live] = server.transfers();
  expect(live).toMatchObject({ protocol: 'http', peer: '127.0.0.1', file: '/initrd', totalBytes: 64 * MB });
  expect(live!.bytes).toBeLessThan(64 * MB);
  client.socket.destroy();
  await event('http.failed');
  expect(server.transfers()).toEqual([]);
});

test('startHttpServer() a client that leaves in the midst of a file does not have it', async () => {
  const { port, event, events } = await startServer(folderWith({ initrd: Buffer.alloc(64 * MB) }));
  const client = connectTo(port);
  client.socket.once('data', () => client.socket.resetAndDestroy());
  client.send(GET('/initrd'));
  const failed = await event('http.failed');
  expect(failed).toMatchObject({ failure: 'gone', path: 'initrd' });
  expect(events.some(({ type }) => type === 'http.done')).toBe(false);
});

test('startHttpServer() a client that takes nothing does not have what the system took for it', async () => {
  // The system takes all of it at once for sending, and the client's system a small part of that.
  const { port, event, events } = await startServer(folderWith({ kernel: octetsOf(MB) }));
  const socket = createConnection({
    host: '127.0.0.1',
    port,
    onread: { buffer: Buffer.alloc(1), callback: () => false },
  });
  socket.on('error', () => {});
  socket.write(GET('/kernel'));
  await event('http.started');
  // Another client is served meanwhile.
  await ask(port, 'GET /kernel');
  expect((await event('http.done')).port).not.toBe(socket.localPort);
  socket.resetAndDestroy();
  const failed = await event('http.failed');
  expect(failed).toMatchObject({ failure: 'gone', detail: 'before all of it was acknowledged', bytes: MB });
  expect(events.filter(({ type }) => type === 'http.done')).toHaveLength(1);
});

test('startHttpServer() serves a thousand clients at once', async () => {
  const kernel = octetsOf(200_000);
  const { port, events, event } = await startServer(folderWith({ kernel }));
  const clients = Array.from({ length: 1000 }, () => connectTo(port));
  for (const client of clients) client.send(GET('/kernel'));
  const replies = await Promise.all(clients.map((client) => client.reply()));
  expect(replies.every(({ status, body }) => status === 200 && body.equals(kernel))).toBe(true);
  // And once more on the same connections.
  for (const client of clients) client.send(GET('/kernel'));
  const again = await Promise.all(clients.map((client) => client.reply()));
  expect(again.every(({ body }) => body.equals(kernel))).toBe(true);
  await event('http.done');
  expect(events.filter(({ type }) => type === 'http.failed')).toEqual([]);
});

test('startHttpServer() ends a connection that sends its request octet by octet, for ever', async () => {
  const { port, event } = await startServer(folderWith({}), { limits: { requestMs: 300 } });
  const client = connectTo(port);
  client.send('GET / HT');
  const timer = setInterval(() => client.send('T'), 20);
  await client.ended;
  clearInterval(timer);
  expect(await event('http.malformed')).toMatchObject({ peer: '127.0.0.1' });
});

test('startHttpServer() ends connections that are idle, and those whose client takes nothing', async () => {
  const root = folderWith({ initrd: Buffer.alloc(64 * MB), small: 'x' });
  const { port, event } = await startServer(root, { limits: { idleMs: 50, stalledMs: 300 } });
  const idle = connectTo(port);
  idle.send(GET('/small'));
  await idle.reply();
  await idle.ended;
  const stalled = connectTo(port);
  stalled.socket.pause();
  stalled.send(GET('/initrd'));
  expect(await event('http.failed')).toMatchObject({ failure: 'gone' });
});

test('startHttpServer() leaves a client that asks and asks and takes no answer', async () => {
  const { port } = await startServer(folderWith({ initrd: Buffer.alloc(64 * MB) }), {
    limits: { pipelined: 4 },
  });
  const client = connectTo(port);
  client.socket.pause();
  client.send(GET('/initrd').repeat(20));
  client.socket.resume();
  await client.ended;
});

test('startHttpServer() takes no more connections than it should', async () => {
  const { port } = await startServer(folderWith({ small: 'x' }), { limits: { connections: 2 } });
  const clients = [connectTo(port), connectTo(port)];
  for (const client of clients) client.send(GET('/small'));
  for (const client of clients) expect((await client.reply()).status).toBe(200);
  expect(await connectTo(port).ended).toEqual(Buffer.alloc(0));
});

test('startHttpServer() has room for others when one address has all that it may', async () => {
  const { port } = await startServer(folderWith({ small: 'x' }), { limits: { connections: 4 } });
  const greedy = [connectTo(port), connectTo(port), connectTo(port)];
  for (const client of greedy) client.send(GET('/small'));
  for (const client of greedy) expect((await client.reply()).status).toBe(200);
  expect(await connectTo(port).ended).toEqual(Buffer.alloc(0));
  const other = createConnection({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  other.end('GET /small HTTP/1.0\r\n\r\n');
  const [reply] = (await once(other, 'data')) as [Buffer];
  expect(reply.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  greedy[0]!.send('GET /small HTTP/1.0\r\n\r\n'); // that is its last
  await greedy[0]!.ended;
  const again = () =>
    ask(port, 'GET /small')
      .then(({ status }) => status)
      .catch(() => 'refused');
  await expect.poll(again).toBe(200);
});

test('startHttpServer() tells what it refused, and which names are a loader’s search', async () => {
  const { port, events } = await startServer(folderWith({}));
  await ask(port, 'GET /missing');
  await ask(port, 'GET /pxelinux.cfg/01-52-54-00-12-34-56');
  await ask(port, 'DELETE /x%0a');
  const client = { peer: '127.0.0.1', port: expect.any(Number) };
  expect(events).toEqual([
    {
      ...{ type: 'http.refused', ...client, method: 'GET', file: '/missing', status: 404 },
      ...{ failure: 'not-found', detail: 'ENOENT' },
    },
    {
      ...{ type: 'http.refused', ...client, method: 'GET', file: '/pxelinux.cfg/01-52-54-00-12-34-56' },
      ...{ status: 404, failure: 'not-found', search: true, detail: 'ENOENT' },
    },
    { type: 'http.refused', ...client, method: 'DELETE', file: '/x?', status: 405, failure: 'method' },
  ]);
});

const RENDERED: RenderedFiles = {
  render: ({ path, peer, protocol }) =>
    path === 'boot.ipxe'
      ? { bytes: Buffer.from(`#!ipxe\n# ${protocol} ${peer}\n`), profile: 'install', reason: 'the default' }
      : undefined,
};

test('startHttpServer() asks for what is not in the tree, and nothing for what is', async () => {
  const root = folderWith({ 'pxelinux.cfg/default': 'of the tree' });
  const { port, event } = await startServer(root, { rendered: RENDERED });
  const made = await ask(port, 'GET /boot.ipxe');
  expect(made.body.toString()).toBe('#!ipxe\n# http 127.0.0.1\n');
  expect(made.headers['cache-control']).toBe('private, no-store');
  expect((await event('http.done')).rendered).toBe('install');
  expect((await ask(port, 'HEAD /boot.ipxe')).headers['content-length']).toBe(String(made.body.length));
  expect((await ask(port, 'GET /pxelinux.cfg/default')).body.toString()).toBe('of the tree');
  expect((await ask(port, 'GET /other.ipxe')).status).toBe(404);
});

test('startHttpServer() takes a report where one is waited for', async () => {
  const reports: string[] = [];
  const { port, event } = await startServer(folderWith({ Kickstart_end: '' }), {
    takeReport(peer, path) {
      reports.push(`${peer} ${path}`);
      return path === 'Kickstart_end';
    },
    limits: { bodyOctets: 10 },
  });
  expect((await ask(port, 'POST /Kickstart_end')).status).toBe(204);
  expect(await event('http.reported')).toMatchObject({ peer: '127.0.0.1', file: '/Kickstart_end' });
  const client = connectTo(port);
  client.send('PUT /Kickstart_end HTTP/1.1\r\nHost: pxe\r\nContent-Length: 4\r\n\r\ndone');
  client.send(GET('/Kickstart_end'));
  expect((await client.reply()).status).toBe(204);
  expect((await client.reply()).status).toBe(200);
  const long = await ask(port, 'POST /Kickstart_end', ['Content-Length: 11']);
  expect(long).toMatchObject({ status: 413, headers: { connection: 'close' } });
  expect((await ask(port, 'POST /vmlinuz')).status).toBe(405);
  expect(reports).toEqual([...['127.0.0.1 Kickstart_end', '127.0.0.1 Kickstart_end', '127.0.0.1 vmlinuz']]);
});

test('startHttpServer() stop() lets a transfer finish and takes no more connections', async () => {
  const initrd = Buffer.alloc(32 * MB, 'x');
  const { port, server, event } = await startServer(folderWith({ initrd }));
  const client = connectTo(port);
  client.socket.pause();
  client.send(GET('/initrd'));
  await event('http.started');
  const stopped = server.stop(60_000);
  client.socket.resume();
  expect((await client.reply()).body.equals(initrd)).toBe(true);
  await stopped;
  await client.ended;
});

test('startHttpServer() ports stay open for the next server', async () => {
  const root = folderWith({ small: 'x' });
  const { port, server, restart } = await startServer(root, { backend: 'linux' });
  await server.stop(0);
  const client = connectTo(port);
  await once(client.socket, 'connect');
  client.send(GET('/small')); // nobody is there to answer; it waits
  await restart();
  expect((await client.reply()).body.toString()).toBe('x');
});

test('startHttpServer() reconfigure() serves another root from now on, or throws and goes on', async () => {
  const [before, after] = [folderWith({ file: 'before' }), folderWith({ file: 'after' })];
  const { port, server } = await startServer(before);
  expect((await ask(port, 'GET /file')).body.toString()).toBe('before');
  expect(() => server.reconfigure({ root: join(before, 'nowhere'), ignoreCase: true })).toThrow();
  expect((await ask(port, 'GET /file')).body.toString()).toBe('before');
  server.reconfigure({ root: after, ignoreCase: false });
  expect((await ask(port, 'GET /file')).body.toString()).toBe('after');
  expect((await ask(port, 'GET /FILE')).status).toBe(404);
});
