import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { BootEvent } from '../../../src/events/event.ts';
import { latin1Encode } from '../../../src/lib/bytes.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import type { DatagramSocket, Network } from '../../../src/net/datagram.ts';
import { loadNetwork } from '../../../src/net/load.ts';
import type { RenderedFiles } from '../../../src/server/boot/rendered-files.ts';
import type { FromWorker, ToWorker } from '../../../src/server/tftp/messages.ts';
import { DEFAULT_TFTP_SETTINGS, type TftpSettings } from '../../../src/server/tftp/settings.ts';
import { openTftpSockets, releaseTftpSockets } from '../../../src/server/tftp/sockets.ts';
import { type StartParts, startTftpServer } from '../../../src/server/tftp/start.ts';
import type { TftpThread } from '../../../src/server/tftp/thread.ts';
import { encode, type TftpPacket } from '../../../src/tftp-packet/index.ts';
import { ack, describe as inWords, rrq } from './rig.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pxed-start-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function openSockets(network: Network) {
  const sockets = await openTftpSockets(network, { address: LOOPBACK, port: 0, singlePort: false });
  if (!sockets.ok) throw new Error(sockets.error.errno);
  cleanups.push(() => releaseTftpSockets(network, sockets.value));
  return sockets.value[0]!;
}

/** A client that asks and waits. */
async function openClient(network: Network, server: number) {
  const bound = await network.bind({ address: LOOPBACK, port: 0 });
  if (!bound.ok) throw new Error(bound.error.errno);
  const socket: DatagramSocket = network.attach(bound.value);
  const poller = network.createPoller();
  poller.add(socket);
  let peerPort = server;
  let before = '';
  cleanups.push(() => {
    poller.close();
    socket.detach();
    network.release(bound.value);
  });
  return {
    send(packet: TftpPacket, port = peerPort) {
      socket.out.begin(LOOPBACK, port);
      socket.out.bytes(encode(packet));
      socket.out.end();
      socket.flush();
    },
    async receive(): Promise<string> {
      for (;;) {
        await poller.waitAsync(5000);
        if (socket.receive() === 0) {
          if (poller.readyCount === 0) return 'silence';
          continue;
        }
        const words = inWords(socket.datagram(0).bytes);
        // On a busy machine the server may have repeated what was on its way already.
        if (words === before && words.startsWith('DATA')) continue;
        before = words;
        peerPort = socket.datagram(0).peerPort;
        return words;
      }
    },
  };
}

function settingsOf(root: string): TftpSettings {
  return { ...DEFAULT_TFTP_SETTINGS, root };
}

describe.each(['linux', 'dgram'] as const)('startTftpServer() over %s sockets', (name) => {
  async function serve(root: string, more: Pick<StartParts, 'rendered'> & Partial<TftpSettings> = {}) {
    const { rendered, ...settings } = more;
    const network = await loadNetwork(name);
    const sockets = await openSockets(network);
    const events: BootEvent[] = [];
    const server = startTftpServer({
      network,
      sockets,
      settings: { ...settingsOf(root), ...settings },
      emit: (e) => events.push(e),
      ...(rendered && { rendered }),
    });
    cleanups.push(() => server.stop(0));
    await server.ready;
    return { network, sockets, events, server };
  }

  test('serves a file and tells of it before it has stopped', async () => {
    const root = folder();
    writeFileSync(join(root, 'boot'), 'x'.repeat(700));
    const { network, sockets, events, server } = await serve(root);
    const client = await openClient(network, sockets[0]!.listen.port);
    client.send(rrq('boot', [['tsize', '0']]), sockets[0]!.listen.port);
    expect(await client.receive()).toBe('OACK tsize=700');
    client.send(ack(0));
    expect(await client.receive()).toBe('DATA 1 (512)');
    client.send(ack(1));
    expect(await client.receive()).toBe('DATA 2 (188)');
    client.send(ack(2));
    client.send(rrq('missing'), sockets[0]!.listen.port); // proof that the ACK before it was read
    expect(await client.receive()).toBe('ERROR 1 File not found');
    await server.stop(1000);
    await server.finished;
    expect(events.map(({ type }) => type)).toEqual(['tftp.started', 'tftp.done', 'tftp.refused']);
  });

  test('serves a configuration that is made here, for whoever asks, and the tree goes before it', async () => {
    const root = folder();
    const asks: unknown[] = [];
    const rendered: RenderedFiles = {
      render(ask) {
        asks.push(ask);
        const bytes = latin1Encode('x'.repeat(700));
        return ask.path.endsWith('default') ? undefined : { bytes, profile: 'install', reason: 'hosts' };
      },
    };
    const { network, sockets, events, server } = await serve(root, { rendered, rendering: true });
    const { port } = sockets[0]!.listen;
    const client = await openClient(network, port);
    client.send(rrq('pxelinux.cfg/01-52-54-00-12-34-56', [['tsize', '0']]), port);
    expect(await client.receive()).toBe('OACK tsize=700');
    client.send(ack(0));
    expect(await client.receive()).toBe('DATA 1 (512)');
    client.send(ack(1));
    expect(await client.receive()).toBe('DATA 2 (188)');
    client.send(ack(2));
    client.send(rrq('pxelinux.cfg/default'), port);
    expect(await client.receive()).toBe('ERROR 1 File not found');
    mkdirSync(join(root, 'pxelinux.cfg'));
    writeFileSync(join(root, 'pxelinux.cfg/default'), 'real');
    client.send(rrq('pxelinux.cfg/default'), port);
    expect(await client.receive()).toBe('DATA 1 (4)');
    client.send(ack(1));
    await server.stop(1000);
    expect(asks).toEqual(
      ['pxelinux.cfg/01-52-54-00-12-34-56', 'pxelinux.cfg/default'].map((path) => ({
        ...{ path, peer: '127.0.0.1', protocol: 'tftp' },
      })),
    );
    expect(events.filter(({ type }) => type === 'tftp.config')).toMatchObject([
      { winner: 'pxelinux.cfg/01-52-54-00-12-34-56', rendered: 'install', reason: 'hosts' },
      { tried: ['pxelinux.cfg/default'] },
      { winner: 'pxelinux.cfg/default' },
    ]);
  });

  test('reconfigure() holds for requests from then on', async () => {
    const [one, two] = [folder(), folder()];
    writeFileSync(join(two, 'boot'), 'x');
    const { network, sockets, events, server } = await serve(one);
    const client = await openClient(network, sockets[0]!.listen.port);
    client.send(rrq('boot'), sockets[0]!.listen.port);
    expect(await client.receive()).toMatch(/^ERROR 1/);
    server.reconfigure(settingsOf('/nonexistent/root'));
    client.send(rrq('boot'), sockets[0]!.listen.port);
    expect(await client.receive()).toMatch(/^ERROR 1/);
    server.reconfigure(settingsOf(two));
    // The request may overtake the message on its way to the worker: ask until it is served.
    let answer = '';
    while (!answer.startsWith('DATA')) {
      client.send(rrq('boot'), sockets[0]!.listen.port);
      answer = await client.receive();
    }
    await server.stop(0);
    expect(events.find(({ type }) => type === 'service.warning')).toMatchObject({
      problem: 'reload-refused',
    });
  });

  test('stop() lets a transfer finish, and leaves new requests to the next server', async () => {
    const root = folder();
    writeFileSync(join(root, 'boot'), 'x'.repeat(700));
    const { network, sockets, server } = await serve(root);
    const client = await openClient(network, sockets[0]!.listen.port);
    client.send(rrq('boot'), sockets[0]!.listen.port);
    expect(await client.receive()).toBe('DATA 1 (512)');
    const stopped = server.stop(5000);
    client.send(ack(1));
    expect(await client.receive()).toBe('DATA 2 (188)');
    client.send(ack(2));
    await stopped;
    if (!network.worksInThreads) return; // node:dgram drops what nobody takes
    const late = await openClient(network, sockets[0]!.listen.port);
    late.send(rrq('boot'), sockets[0]!.listen.port);
    const next = startTftpServer({ network, sockets, settings: settingsOf(root), emit: () => {} });
    cleanups.push(() => next.stop(0));
    expect(await late.receive()).toBe('DATA 1 (512)');
  });

  test('stop() tells the clients that are not done in time', async () => {
    const root = folder();
    writeFileSync(join(root, 'boot'), 'x'.repeat(700));
    const { network, sockets, events, server } = await serve(root);
    const client = await openClient(network, sockets[0]!.listen.port);
    client.send(rrq('boot'), sockets[0]!.listen.port);
    expect(await client.receive()).toBe('DATA 1 (512)');
    await server.stop(0);
    expect(await client.receive()).toBe('ERROR 0 Server is shutting down');
    expect(events.at(-1)).toMatchObject({ type: 'tftp.failed', failure: 'shutdown' });
  });

  test('a root that cannot be opened is told by ready and finished', async () => {
    const network = await loadNetwork(name);
    const sockets = await openSockets(network);
    const settings = settingsOf('/nonexistent/root');
    const server = startTftpServer({ network, sockets, settings, emit: () => {} });
    await expect(server.ready).rejects.toThrow(/nonexistent/);
    await expect(server.finished).rejects.toThrow(/nonexistent/);
  });

  test('serves on the ports of a range only, skipping those of others', async () => {
    const network = await loadNetwork(name);
    const taken = await openSockets(network);
    const { port } = taken[0]!.transfer[0]!;
    const range = { from: port, to: port };
    const refused = await openTftpSockets(network, {
      address: LOOPBACK,
      port: 0,
      singlePort: false,
      ports: range,
    });
    expect(refused).toMatchObject({ ok: false, error: { errno: 'EADDRINUSE' } });
    const wide = { from: port, to: port + 40 };
    const opened = await openTftpSockets(network, {
      address: LOOPBACK,
      port: 0,
      singlePort: false,
      ports: wide,
    });
    if (!opened.ok) throw new Error(opened.error.errno);
    cleanups.push(() => releaseTftpSockets(network, opened.value));
    for (const bound of opened.value[0]![0]!.transfer) {
      expect(bound.port).toBeGreaterThan(port);
      expect(bound.port).toBeLessThanOrEqual(port + 40);
    }
  });
});

test.each([
  ['exits', 'process.exit(3)', 3],
  ['dies of an exception', "throw new Error('on purpose')", 1],
])('startTftpServer() does not hold up a process that %s', async (_, end, code) => {
  const root = folder();
  const sources = new URL('../../../src/', import.meta.url).href;
  const script = `
    import { loadNetwork } from '${sources}net/load.ts';
    import { DEFAULT_TFTP_SETTINGS } from '${sources}server/tftp/settings.ts';
    import { openTftpSockets } from '${sources}server/tftp/sockets.ts';
    import { startTftpServer } from '${sources}server/tftp/start.ts';
    const network = await loadNetwork();
    const sockets = await openTftpSockets(network, { address: ${LOOPBACK}, port: 0, singlePort: false });
    const settings = { ...DEFAULT_TFTP_SETTINGS, root: ${JSON.stringify(root)} };
    const server = startTftpServer({ network, sockets: sockets.value[0], settings, emit() {} });
    await server.ready;
    console.log('serving');
    setImmediate(() => { ${end} });`;
  const file = join(root, 'server.mts');
  writeFileSync(file, script);
  const child = spawnSync(process.execPath, [file], { timeout: 10_000, encoding: 'utf8' });
  expect(child.stdout).toBe('serving\n');
  expect(child.status).toBe(code);
});

test('startTftpServer() has no late word for the next service of its thread, which counts from one again', async () => {
  const network = await loadNetwork('linux');
  const posted: ToWorker[] = [];
  let tell: (message: FromWorker) => void = () => {};
  const thread: TftpThread = {
    ...{ loaded: Promise.resolve(), alive: true },
    post: (message) => posted.push(message),
    listen: (onMessage) => {
      tell = onMessage;
    },
    close: async () => {},
  };
  const root = folder();
  const sockets = await openSockets(network);
  const settings = { ...DEFAULT_TFTP_SETTINGS, root };
  const server = startTftpServer({ network, sockets, settings, thread, emit: () => {} });
  const file = await open(join(root, 'upload'), 'w');
  cleanups.push(() => file.close());
  tell({ kind: 'sync', id: 1, fd: file.fd });
  await expect.poll(() => posted.map(({ kind }) => kind)).toEqual(['serve', 'synced']);
  tell({ kind: 'sync', id: 2, fd: file.fd });
  tell({ kind: 'ended', failure: 'a defect' });
  await expect(server.finished).rejects.toThrow('a defect');
  for (let rounds = 0; rounds < 5; rounds++) await file.sync();
  expect(posted).toHaveLength(2);
});
