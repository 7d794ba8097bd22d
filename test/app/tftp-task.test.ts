import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { supervise } from '../../src/app/supervisor.ts';
import { createTftpTasks } from '../../src/app/tftp-task.ts';
import type { BootEvent } from '../../src/events/event.ts';
import type { DatagramSocket, Network } from '../../src/net/datagram.ts';
import { loadNetwork } from '../../src/net/load.ts';
import { DEFAULT_TFTP_SETTINGS, type TftpSettings } from '../../src/server/tftp/settings.ts';
import { openTftpSockets, releaseTftpSockets } from '../../src/server/tftp/sockets.ts';
import { startTftpThread, type TftpThread } from '../../src/server/tftp/thread.ts';
import { encode, type TftpPacket } from '../../src/tftp-packet/index.ts';
import { ack, describe as inWords, rrq } from '../server/tftp/rig.ts';

const LOOPBACK = 0x7f00_0001;
const WORKERS = 2;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folderWith(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'pxed-crew-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

type MortalThread = TftpThread & { kill(): Promise<void> };

/** A thread that can be made to die as by a defect of its own. */
function mortal(thread: TftpThread, network: Network): MortalThread {
  let wakeFd = -1;
  let die: (error: Error) => void = () => {};
  return {
    loaded: thread.loaded,
    get alive() {
      return thread.alive;
    },
    post: thread.post,
    close: thread.close,
    listen(onMessage, onDeath) {
      die = onDeath;
      thread.listen((message) => {
        if (message.kind === 'ready') ({ wakeFd } = message);
        onMessage(message);
      }, onDeath);
    },
    async kill() {
      const closed = thread.close();
      network.wake(wakeFd);
      await closed;
      die(new Error('killed'));
    },
  };
}

/** Two workers, supervised, on 127.0.0.1. */
async function startCrew(settings: Partial<TftpSettings> & { root: string }) {
  const network = await loadNetwork('linux');
  const opened = await openTftpSockets(network, {
    ...{ address: LOOPBACK, port: 0, singlePort: false, workers: WORKERS },
  });
  if (!opened.ok) throw new Error(opened.error.errno);
  const crew = opened.value;
  cleanups.push(() => releaseTftpSockets(network, crew));
  const threads: MortalThread[] = [];
  const events: BootEvent[] = [];
  const tasks = await createTftpTasks({
    network,
    crew,
    settings: { ...DEFAULT_TFTP_SETTINGS, ...settings },
    emit: (event) => events.push(event),
    startThread() {
      const thread = mortal(startTftpThread(), network);
      threads.push(thread);
      return thread;
    },
  });
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const outcome = supervise(tasks.tasks, {
    emit: (event) => events.push(event),
    signal: stop.signal,
    onReady: ready.resolve,
    timing: { backoffMs: 10 },
  });
  cleanups.push(async () => {
    stop.abort();
    await outcome;
    await tasks.close();
  });
  await ready.promise;
  const port = crew[0]![0]!.listen.port;
  /** Which worker a TID belongs to. */
  const workerOf = (tid: number) =>
    crew.findIndex((ports) => ports.some(({ transfer }) => transfer.some((one) => one.port === tid)));
  return { network, tasks, threads, events, stop, outcome, port, workerOf };
}

type Client = {
  /** Where the last packet came from. */
  tid: number;
  send(packet: TftpPacket, port?: number): void;
  /** The next packet that is not `but`, which a busy server may have sent twice. */
  receive(but?: string): Promise<string>;
};

async function openClient(network: Network, address: number, server: number): Promise<Client> {
  const bound = await network.bind({ address, port: 0 });
  if (!bound.ok) throw new Error(bound.error.errno);
  const socket: DatagramSocket = network.attach(bound.value, { batch: 1 });
  const poller = network.createPoller();
  poller.add(socket);
  cleanups.push(() => {
    if (client.tid !== server) client.send({ opcode: 'error', code: 0, message: 'the test is over' });
    poller.close();
    socket.detach();
    network.release(bound.value);
  });
  const client: Client = {
    tid: server,
    send(packet, port = client.tid) {
      socket.out.begin(LOOPBACK, port);
      socket.out.bytes(encode(packet));
      socket.out.end();
      socket.flush();
    },
    async receive(but = '') {
      for (;;) {
        if (socket.receive() === 0) {
          await poller.waitAsync(8000);
          if (poller.readyCount === 0) return 'silence';
          continue;
        }
        const words = inWords(socket.datagram(0).bytes);
        if (words === but) continue;
        client.tid = socket.datagram(0).peerPort;
        return words;
      }
    },
  };
  return client;
}

type Crew = Awaited<ReturnType<typeof startCrew>>;

/** A client of each worker, each with the first block of `big`. */
async function oneEach({ network, port, workerOf }: Crew): Promise<Client[]> {
  const clients: Client[] = [];
  for (let host = 0; clients.filter(Boolean).length < WORKERS && host < 64; host++) {
    const client = await openClient(network, 0x7f00_0101 + host, port);
    client.send(rrq('big'));
    expect(await client.receive()).toBe('DATA 1 (512)');
    const worker = workerOf(client.tid);
    if (clients[worker]) client.send({ opcode: 'error', code: 0, message: 'not needed' });
    clients[worker] ??= client;
  }
  expect(clients.map(({ tid }) => workerOf(tid))).toEqual([0, 1]);
  return clients;
}

const BIG = { big: 'x'.repeat(1300) };

test('createTftpTasks() serves clients by several workers, each client by one, and stops when all are done', async () => {
  const crew = await startCrew({ root: folderWith(BIG) });
  expect(crew.tasks.tasks.map(({ name }) => name)).toEqual(['tftp 1', 'tftp 2']);
  const clients = await oneEach(crew);
  crew.stop.abort();
  for (const client of clients) {
    client.send(ack(1));
    expect(await client.receive('DATA 1 (512)')).toBe('DATA 2 (512)');
    client.send(ack(2));
    expect(await client.receive('DATA 2 (512)')).toBe('DATA 3 (276)');
    client.send(ack(3));
  }
  expect(await crew.outcome).toBe('stopped');
  const done = crew.events.filter((event) => event.type === 'tftp.done');
  expect(done.map(({ peer, bytes }) => [peer, bytes]).sort()).toHaveLength(2);
  expect(done.every(({ bytes }) => bytes === 1300)).toBe(true);
});

test('createTftpTasks() tells what all workers have under way, and that their loops turn', async () => {
  const crew = await startCrew({ root: folderWith(BIG) });
  expect(await crew.tasks.transfers()).toEqual([]);
  const [first, second] = await oneEach(crew);
  second!.send(ack(1));
  expect(await second!.receive('DATA 1 (512)')).toBe('DATA 2 (512)');
  const live = await crew.tasks.transfers();
  // Those that were not needed have been told so, and are gone.
  expect(live.map(({ file, bytes, totalBytes }) => [file, bytes, totalBytes]).sort()).toEqual([
    ['big', 0, 1300],
    ['big', 512, 1300],
  ]);
  expect(await crew.tasks.answer()).toBe(true);
  for (const client of [first, second]) client!.send({ opcode: 'error', code: 0, message: 'enough' });
});

test('createTftpTasks() restarts a worker that died, and its clients alone notice', async () => {
  const crew = await startCrew({ root: folderWith(BIG) });
  const [first, second] = await oneEach(crew);
  await crew.threads[0]!.kill();
  // Asked while nobody is there, it waits in the socket.
  const late = await openClient(crew.network, 0x7f00_0101, crew.port);
  late.send(rrq('big'));
  second!.send(ack(1));
  expect(await second!.receive('DATA 1 (512)')).toBe('DATA 2 (512)');
  expect(await late.receive()).toBe('DATA 1 (512)');
  first!.send(rrq('big'), crew.port);
  expect(await first!.receive()).toBe('DATA 1 (512)');
  expect(crew.workerOf(first!.tid)).toBe(0);
  second!.send(ack(2));
  expect(await second!.receive('DATA 2 (512)')).toBe('DATA 3 (276)');
  expect(crew.events.filter(({ type }) => type === 'service.failed')).toMatchObject([{ service: 'tftp 1' }]);
});

test('createTftpTasks() bounds the transfers of all workers together; those of a dead one do not count', async () => {
  const crew = await startCrew({ root: folderWith(BIG), maxTransfers: 2 });
  const clients: Client[] = [];
  for (let host = 0; host < 3; host++) {
    clients.push(await openClient(crew.network, 0x7f00_0101 + host, crew.port));
    clients[host]!.send(rrq('big'));
    if (host < 2) expect(await clients[host]!.receive()).toBe('DATA 1 (512)');
  }
  expect(await clients[2]!.receive()).toMatch(/^ERROR 0 Server busy/);
  const worker = crew.workerOf(clients[0]!.tid);
  await crew.threads[worker]!.kill();
  for (let attempt = 0; attempt < 100; attempt++) {
    clients[2]!.send(rrq('big'), crew.port);
    const answer = await clients[2]!.receive();
    if (answer === 'DATA 1 (512)') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('still busy');
});

test('createTftpTasks() reconfigures every worker', async () => {
  const crew = await startCrew({ root: folderWith(BIG) });
  const clients = await oneEach(crew);
  const root = folderWith({ other: 'brand new' });
  crew.tasks.reconfigure({ ...DEFAULT_TFTP_SETTINGS, root });
  for (const client of clients) {
    for (let attempt = 0; attempt < 100; attempt++) {
      client.send(rrq('other'), crew.port);
      const answer = await client.receive('DATA 1 (512)');
      if (answer === 'DATA 1 (9)') break;
      expect(answer).toMatch(/^ERROR 1/);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(attempt).toBeLessThan(99);
    }
  }
});
