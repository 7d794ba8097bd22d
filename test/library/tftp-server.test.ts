import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import {
  ConfigProblem,
  createPxed,
  createTftpServer,
  ServerNotRunning,
  TftpError,
  type Transfer,
} from '../../src/library/index.ts';
import { fetchByTftp } from './fetch-by-tftp.ts';

let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-library-'));
  root = join(base, 'root');
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const LOCAL = { host: '127.0.0.1', port: 0 };
const BACKENDS = process.platform === 'linux' ? (['linux', 'dgram'] as const) : (['dgram'] as const);

describe.each(BACKENDS)('createTftpServer() over %s', (backend) => {
  test('start() serves what files hold, and tells of each transfer', async () => {
    const told: Transfer[] = [];
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const onCompleted = (transfer: Transfer) => {
      told.push(transfer);
      resolve();
    };
    await using server = createTftpServer({
      ...{ ...LOCAL, root, backend, onCompleted },
      onStarted: (transfer) => told.push(transfer),
    });
    await server.files.put('efi/loader.efi', bytes('a loader'));
    await server.start();
    expect(server.state).toBe('running');
    expect(server.url('/efi/loader.efi')).toBe(`tftp://127.0.0.1:${server.port()}/efi/loader.efi`);
    expect(await fetchByTftp(server.port(), 'efi/loader.efi')).toEqual({ octets: 'a loader' });
    await over;
    const plain = { host: '127.0.0.1', port: expect.any(Number), file: 'efi/loader.efi', write: false };
    expect(told).toEqual([
      { state: 'started', ...plain },
      { state: 'completed', ...plain, bytes: 8, tookMs: expect.any(Number) },
    ]);
  });

  test('a transfer that its client gives up is told as failed', async () => {
    const { promise, resolve } = Promise.withResolvers<Transfer>();
    await using server = createTftpServer({ ...LOCAL, root, backend, onFailed: resolve });
    await server.files.put('big', new Uint8Array(100_000));
    await server.start();
    await fetchByTftp(server.port(), 'big', { giveUp: true });
    expect(await promise).toMatchObject({ state: 'failed', file: 'big', failure: expect.any(String) });
  });

  test('start() and stop() may be called again and again, and files stay', async () => {
    await using server = createTftpServer({ ...LOCAL, root, backend });
    await server.files.put('a', bytes('a'));
    await server.stop();
    await Promise.all([server.start(), server.start()]);
    const first = server.port();
    await server.start();
    expect(server.port()).toBe(first);
    await server.restart();
    expect(await fetchByTftp(server.port(), 'a')).toEqual({ octets: 'a' });
    await server.stop();
    await server.stop();
    expect(server.state).toBe('stopped');
    await server.start();
    expect(await fetchByTftp(server.port(), 'a')).toEqual({ octets: 'a' });
  });

  test('start() rejects when the port is taken', async () => {
    await using first = createTftpServer({ ...LOCAL, root, backend });
    await first.start();
    const second = createTftpServer({ ...LOCAL, root, backend, port: first.port() });
    const refused = second.start();
    await expect(refused).rejects.toBeInstanceOf(TftpError);
    await expect(refused).rejects.toMatchObject({ reason: 'cannot-start' });
    await expect(refused).rejects.toThrow(/in use/);
    expect(second.state).toBe('stopped');
    expect(() => second.port()).toThrow(ServerNotRunning);
    await first.stop();
    await second.start();
    await second.close();
  });

  test('several serve side by side in one process', async () => {
    const servers = ['one', 'two', 'three'].map((name) =>
      createTftpServer({ ...LOCAL, root: join(base, name), backend }),
    );
    for (const [i, server] of servers.entries()) await server.files.put('who', bytes(`${i}`));
    await Promise.all(servers.map((server) => server.start()));
    expect(new Set(servers.map((server) => server.port())).size).toBe(3);
    const got = await Promise.all(servers.map((server) => fetchByTftp(server.port(), 'who')));
    expect(got).toEqual([{ octets: '0' }, { octets: '1' }, { octets: '2' }]);
    await Promise.all(servers.map((server) => server.close()));
  });
});

test('createTftpServer() makes its root, and close() removes what was created', async () => {
  const server = createTftpServer({ ...LOCAL, root: join(root, 'deep') });
  writeFileSync(join(root, 'deep/theirs'), 'theirs');
  await server.files.put('ours/a', bytes('a'));
  await server.close();
  expect(readdirSync(join(root, 'deep'))).toEqual(['theirs']);
  const keeping = createTftpServer({ ...LOCAL, root, removeCreatedOnClose: false });
  await keeping.files.put('kept', bytes('kept'));
  await keeping.close();
  expect(existsSync(join(root, 'kept'))).toBe(true);
});

test('host() and port() want a server that runs', () => {
  const server = createTftpServer({ ...LOCAL, root });
  expect(() => server.host()).toThrow(ServerNotRunning);
  expect(() => server.port()).toThrow(ServerNotRunning);
  expect(() => server.url('x')).toThrow(ServerNotRunning);
});

test('what cannot be served is said at once', () => {
  expect(() => createTftpServer({ root, host: 'localhost' })).toThrow(TypeError);
  expect(() => createTftpServer({ root, tftp: { 'blksize-max': 7 } })).toThrow(/tftp\.blksize-max/);
  const wrong = { version: 1, mode: 'of', networks: [{ subnet: '10.0.0.1/24' }] } as const;
  try {
    createPxed(wrong as never);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigProblem);
    const { problems } = error as ConfigProblem;
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).toMatch(/^mode: /m);
    expect(problems.join('\n')).toMatch(/^networks\[0\]\.subnet: /m);
  }
  expect(() => createPxed({ version: 1, tftp: { root: '/tftp' } })).toThrow(/Which interface/);
});

test('a callback that throws is heard of, and called again', async () => {
  const heard: unknown[] = [];
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const second = Promise.withResolvers<void>();
  process.on('uncaughtException', (error) => {
    heard.push((error as Error).message);
    if (heard.length === 2) second.resolve();
  });
  try {
    await using server = createTftpServer({
      ...{ ...LOCAL, root },
      onStarted: ({ file }) => {
        throw new Error(`my own mistake at ${file}`);
      },
    });
    await server.files.put('a', bytes('a'));
    await server.files.put('b', bytes('b'));
    await server.start();
    expect(await fetchByTftp(server.port(), 'a')).toEqual({ octets: 'a' });
    expect(await fetchByTftp(server.port(), 'b')).toEqual({ octets: 'b' });
    await second.promise;
    expect(heard).toEqual(['my own mistake at a', 'my own mistake at b']);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  }
});

describe('createPxed()', () => {
  test('serves from the object that the YAML would be, and applies another while it runs', async () => {
    mkdirSync(root);
    writeFileSync(join(root, 'a'), 'a');
    const events: string[] = [];
    await using pxed = createPxed(
      {
        version: 1,
        mode: 'off',
        bootp: { enabled: false },
        http: { enabled: false },
        tftp: { root, port: 0 },
      },
      { onEvent: (event) => events.push(event.type) },
    );
    await pxed.start();
    expect(await fetchByTftp(pxed.port(), 'a')).toEqual({ octets: 'a' });
    expect(await fetchByTftp(pxed.port(), 'new', { write: 'x' })).toEqual({ code: 2 });
    const tftp = { root, port: 0, writes: 'create' } as const;
    pxed.apply({ version: 1, mode: 'off', bootp: { enabled: false }, http: { enabled: false }, tftp });
    expect(await fetchByTftp(pxed.port(), 'new', { write: 'x' })).toEqual({ octets: 'x' });
    expect(() => pxed.apply({ version: 1, mode: 'off', tftp: { root, port: 1 } })).toThrow(ConfigProblem);
    await pxed.stop();
    expect(events).toContain('service.started');
    expect(events).toContain('service.ready');
    expect(events).toContain('tftp.done');
  });

  test('a control socket that it is given answers, and goes with it', async () => {
    mkdirSync(root);
    const socket = join(base, 'pxed.sock');
    const alone = { mode: 'off', bootp: { enabled: false }, http: { enabled: false } } as const;
    const pxed = createPxed({ version: 1, ...alone, control: { socket }, tftp: { root, port: 0 } });
    expect(existsSync(socket)).toBe(false);
    await pxed.start();
    const status = await createControlClient({ socket }).get('/api/v1/status');
    expect(status).toMatchObject({ ready: true, root });
    await pxed.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test('a port of somebody else’s is told by start(), and not before', async () => {
    const holder = createSocket('udp4');
    await new Promise<void>((resolve) => holder.bind(0, resolve));
    const { port } = holder.address();
    mkdirSync(root);
    const pxed = createPxed({ version: 1, mode: 'off', bootp: { enabled: false }, tftp: { root, port } });
    await expect(pxed.start()).rejects.toMatchObject({ reason: 'cannot-start' });
    holder.close();
  });
});
