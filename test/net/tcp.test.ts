import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { loadNetwork } from '../../src/net/load.ts';
import type { BoundTcp, TcpPorts } from '../../src/net/tcp.ts';

const LOOPBACK = 0x7f00_0001;

async function open(tcp: TcpPorts, port = 0): Promise<BoundTcp> {
  const bound = await tcp.bind({ address: LOOPBACK, port });
  if (!bound.ok) throw new Error(bound.error.errno);
  onTestFinished(() => tcp.release(bound.value));
  return bound.value;
}

/** A server on the port that says hello, until it is closed. */
async function serve(tcp: TcpPorts, bound: BoundTcp) {
  const server = createServer((socket) => socket.end('hello'));
  server.listen(tcp.listenOptions(bound));
  await once(server, 'listening');
  return () => new Promise((done) => server.close(done));
}

async function visit(port: number): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  for await (const octets of socket) text += String(octets);
  return text;
}

test.each(['linux', 'dgram'] as const)(
  'tcp.bind() opens a port for one server after the other (%s)',
  async (name) => {
    const { tcp } = await loadNetwork(name);
    const bound = await open(tcp);
    expect(bound.port).toBeGreaterThan(0);
    for (let round = 0; round < 2; round++) {
      const close = await serve(tcp, bound);
      expect(await visit(bound.port)).toBe('hello');
      await close();
    }
  },
);

test.each(['linux', 'dgram'] as const)('tcp.bind() of a port that is taken says so (%s)', async (name) => {
  const { tcp } = await loadNetwork(name);
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  expect(await tcp.bind({ address: LOOPBACK, port })).toMatchObject({
    ok: false,
    error: { errno: 'EADDRINUSE' },
  });
});

test('tcp.bind() without an address is for IPv4 and, where there is one, IPv6', async () => {
  const { tcp } = await loadNetwork('linux');
  const bound = await tcp.bind({ port: 0 });
  if (!bound.ok) throw new Error(bound.error.errno);
  onTestFinished(() => tcp.release(bound.value));
  const close = await serve(tcp, bound.value);
  expect(await visit(bound.value.port)).toBe('hello');
  await close();
});

test('tcp.bind() names what is wrong with an interface', async () => {
  const { tcp } = await loadNetwork('linux');
  expect(await tcp.bind({ port: 0, interface: 'nowhere0' })).toMatchObject({
    ok: false,
    error: { errno: 'ENODEV' },
  });
  expect(await tcp.bind({ port: 0, interface: 'a-name-that-is-too-long' })).toMatchObject({ ok: false });
});

test('tcp: connections that come while nobody serves wait for the next server', async () => {
  const { tcp } = await loadNetwork('linux');
  const bound = await open(tcp);
  const close = await serve(tcp, bound);
  await close();
  const visiting = visit(bound.port);
  const again = await serve(tcp, bound);
  expect(await visiting).toBe('hello');
  await again();
});

test('tcp.sent tells what the other side has not acknowledged, of a copy of the descriptor too', async () => {
  const { tcp } = await loadNetwork('linux');
  const bound = await open(tcp);
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve).listen(tcp.listenOptions(bound));
  onTestFinished(() => void server.close());
  const client = createConnection({
    ...{ port: bound.port, host: '127.0.0.1' },
    onread: { buffer: new Uint8Array(1), callback: () => false },
  });
  client.on('error', () => {});
  const socket = await accepted.promise;
  socket.on('error', () => {});
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd: number } };
  const sent = tcp.sent!;
  expect(sent.unacknowledged(handle!.fd)).toBe(0);
  // More than a client's buffer takes that nobody reads from.
  socket.write(new Uint8Array(16 << 20));
  expect(sent.unacknowledged(handle!.fd)).toBeGreaterThan(100_000);
  const copy = sent.hold(handle!.fd)!;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  client.resetAndDestroy();
  await closed;
  expect(sent.unacknowledged(copy)).toBeGreaterThan(100_000);
  sent.letGo(copy);
  expect(sent.unacknowledged(-1)).toBeUndefined();
  expect(sent.hold(-1)).toBeUndefined();
});
