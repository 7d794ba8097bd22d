import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import type { BoundSocket, DatagramSocket, Network, Poller, SocketSpec } from '../../src/net/datagram.ts';
import { loadNetwork } from '../../src/net/load.ts';

const LOOPBACK = parseIpv4('127.0.0.1')!;
const SECOND = parseIpv4('127.0.0.2')!;
/** Some machines and containers have it switched off. */
const IPV6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encode = (words: string): Uint8Array => new TextEncoder().encode(words);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function open(network: Network, spec: Partial<SocketSpec> = {}): Promise<BoundSocket> {
  const bound = await network.bind({ address: LOOPBACK, port: 0, ...spec });
  if (!bound.ok) throw new Error(`${bound.error.operation}: ${bound.error.errno}`);
  cleanups.push(() => network.release(bound.value));
  return bound.value;
}

function attach(network: Network, bound: BoundSocket, slotBytes = 2048): DatagramSocket {
  const socket = network.attach(bound, { slotBytes });
  cleanups.push(() => socket.detach());
  return socket;
}

function poll(network: Network, ...sockets: DatagramSocket[]): Poller {
  const poller = network.createPoller();
  for (const socket of sockets) poller.add(socket);
  cleanups.push(() => poller.close());
  return poller;
}

/** Waits until `count` datagrams came; returns copies. */
async function take(poller: Poller, socket: DatagramSocket, count: number) {
  const taken: { bytes: Uint8Array; peer: number; peerPort: number; local: number; truncated: boolean }[] =
    [];
  while (taken.length < count) {
    await poller.waitAsync(5000);
    const batch = socket.receive();
    if (batch === 0 && poller.readyCount === 0) throw new Error(`only ${taken.length} of ${count} came`);
    for (let i = 0; i < batch; i++) {
      const { bytes, peer, peerPort, local, truncated } = socket.datagram(i);
      taken.push({ bytes: bytes.slice(), peer, peerPort, local, truncated });
    }
  }
  return taken;
}

function send(from: DatagramSocket, to: BoundSocket, ...contents: Uint8Array[]): void {
  for (const content of contents) {
    from.out.begin(to.address || LOOPBACK, to.port);
    from.out.bytes(content);
    from.out.end();
  }
  from.flush();
}

describe.each(['linux', 'dgram'] as const)('%s sockets', (name) => {
  test('waitAsync() lets the event loop turn although a socket always has more', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const poller = poll(network, here);
    send(attach(network, await open(network)), here.bound, encode('nobody reads this'));
    await poller.waitAsync(5000);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    for (let i = 0; i < 10 && !turned; i++) await poller.waitAsync(5000);
    expect(poller.readyCount).toBe(1);
    expect(turned).toBe(true);
  });

  test('receive() gives back what was sent, in order, over several batches', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const there = await open(network);
    const poller = poll(network, here);
    const sender = attach(network, there);
    const contents = Array.from({ length: 200 }, (_, i) => encode(`datagram ${i}`));
    send(sender, here.bound, ...contents);
    const taken = await take(poller, here, 200);
    expect(taken.map(({ bytes }) => text(bytes))).toEqual(contents.map((bytes) => text(bytes)));
    expect(taken[0]).toMatchObject({ peer: LOOPBACK, peerPort: there.port, truncated: false });
  });

  test('receive() gives empty datagrams and marks those that were cut', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network), 64);
    const sender = attach(network, await open(network));
    send(sender, here.bound, new Uint8Array(0), new Uint8Array(64).fill(1), new Uint8Array(65).fill(2));
    const taken = await take(poll(network, here), here, 3);
    expect(taken.map(({ bytes, truncated }) => [bytes.length, truncated])).toEqual([
      [0, false],
      [64, false],
      [64, true],
    ]);
  });

  test('flush() sends parts of one datagram as one: words, octets and file slices', async () => {
    const { openSync, closeSync, writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
    const folder = mkdtempSync('/tmp/pxed-net-');
    writeFileSync(`${folder}/file`, 'abcdefghij'.repeat(1000));
    const fd = openSync(`${folder}/file`, 'r');
    cleanups.push(() => {
      closeSync(fd);
      rmSync(folder, { recursive: true });
    });
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const sender = attach(network, await open(network));
    const content = network.openContent(fd, 10_000);
    if (!content.ok) throw new Error(content.error.errno);
    sender.out.begin(here.bound.address, here.bound.port);
    sender.out.words(3, 0xfffe);
    sender.out.slice(content.value, 9_995, 5);
    sender.out.bytes(encode('!'));
    sender.out.end();
    expect(sender.out.length).toBe(1);
    expect(sender.flush()).toBe(true);
    const [one] = await take(poll(network, here), here, 1);
    expect([...one!.bytes]).toEqual([0, 3, 0xff, 0xfe, ...encode('fghij!')]);
    expect(() => {
      sender.out.begin(here.bound.address, here.bound.port);
      sender.out.slice(content.value, 9_999, 2);
    }).toThrow(RangeError);
    network.closeContent(content.value);
  });

  test('end() cuts contents into segments', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const sender = attach(network, await open(network));
    sender.out.begin(here.bound.address, here.bound.port);
    for (let i = 0; i < 4; i++) {
      sender.out.words(3, i);
      sender.out.bytes(new Uint8Array(i === 3 ? 10 : 96).fill(i));
    }
    sender.out.end(100);
    sender.flush();
    const taken = await take(poll(network, here), here, 4);
    expect(taken.map(({ bytes }) => [bytes.length, bytes[3], bytes.at(-1)])).toEqual([
      [100, 0, 0],
      [100, 1, 1],
      [100, 2, 2],
      [14, 3, 3],
    ]);
  });

  test('datagrams to a socket of one address are answered from it', async () => {
    const network = await loadNetwork(name);
    const server = attach(network, await open(network, { address: SECOND }));
    const client = attach(network, await open(network));
    send(client, server.bound, encode('ping'));
    const [ping] = await take(poll(network, server), server, 1);
    expect(ping?.local).toBe(SECOND);
    server.out.begin(ping!.peer, ping!.peerPort, { from: ping!.local, ifindex: 0 });
    server.out.bytes(encode('pong'));
    server.out.end();
    server.flush();
    const [pong] = await take(poll(network, client), client, 1);
    expect(pong).toMatchObject({ peer: SECOND, peerPort: server.bound.port });
  });

  test('bind() names what stands in the way', async () => {
    const network = await loadNetwork(name);
    const first = await open(network);
    const second = await network.bind({ address: LOOPBACK, port: first.port });
    expect(second).toEqual({ ok: false, error: { operation: 'bind', errno: 'EADDRINUSE' } });
    const foreign = await network.bind({ address: parseIpv4('192.0.2.1')!, port: 0 });
    expect(foreign).toMatchObject({ ok: false, error: { errno: 'EADDRNOTAVAIL' } });
  });

  test('bind() shares a port only when asked to', async () => {
    const network = await loadNetwork(name);
    const first = await open(network, { reusePort: true });
    const second = await open(network, { reusePort: true, port: first.port });
    expect(second.port).toBe(first.port);
  });

  test('bind() that claims a port to share refuses what another has, and is joined by its own', async () => {
    const network = await loadNetwork(name);
    const first = await open(network, { reusePort: 'claim' });
    const claimed = await network.bind({ address: LOOPBACK, port: first.port, reusePort: 'claim' });
    expect(claimed).toEqual({ ok: false, error: { operation: 'bind', errno: 'EADDRINUSE' } });
    if (!network.worksInThreads) return; // there one thread serves, and nobody joins
    const second = await open(network, { reusePort: true, port: first.port });
    expect(second.port).toBe(first.port);
  });

  test.skipIf(!IPV6)('IPv6 sockets know their peers by number, and answer them', async () => {
    const network = await loadNetwork(name);
    const bound = await network.bind({ port: 0, ipv6: true });
    if (!bound.ok) throw new Error(bound.error.errno);
    cleanups.push(() => network.release(bound.value));
    expect(bound.value.ipv6).toBe(true);
    const socket = attach(network, bound.value);
    const client = createSocket('udp6');
    cleanups.push(() => client.close());
    const answers: unknown[] = [];
    const heard = new Promise<void>((resolve) => {
      client.on('message', (bytes, { address, port }) => {
        answers.push([text(bytes), address, port]);
        if (answers.length === 3) resolve();
      });
    });
    client.send('one', bound.value.port, '::1');
    const poller = poll(network, socket);
    const [one] = await take(poller, socket, 1);
    expect(text(one!.bytes)).toBe('one');
    expect(socket.numbers?.format(one!.peer)).toBe('::1');
    if (network.selectsSource) expect(socket.numbers?.format(one!.local)).toBe('::1');
    socket.out.begin(one!.peer, one!.peerPort, { from: one!.local, ifindex: 0 });
    socket.out.bytes(encode('pong'));
    socket.out.end();
    // Segments, too: a control message of its own behind that of the source.
    socket.out.begin(one!.peer, one!.peerPort, { from: one!.local, ifindex: 0 });
    socket.out.bytes(encode('abcd'));
    socket.out.bytes(encode('ef'));
    socket.out.end(4);
    expect(socket.flush()).toBe(true);
    await heard;
    expect(answers).toEqual(['pong', 'abcd', 'ef'].map((words) => [words, '::1', bound.value.port]));
  });

  test.skipIf(!IPV6)(
    'an IPv6 socket leaves the port to IPv4, and sends nothing to a number it never gave',
    async () => {
      const network = await loadNetwork(name);
      const bound = await network.bind({ port: 0, ipv6: true });
      if (!bound.ok) throw new Error(bound.error.errno);
      cleanups.push(() => network.release(bound.value));
      const beside = await open(network, { port: bound.value.port });
      expect(beside.port).toBe(bound.value.port);
      const socket = attach(network, bound.value);
      const failures: unknown[] = [];
      socket.onFailure = (tag, errno) => failures.push([tag, errno]);
      socket.out.begin(0xe000_0000 + 77, 7777, { from: 0, ifindex: 0, tag: 'nobody' });
      socket.out.bytes(encode('lost'));
      socket.out.end();
      socket.flush();
      expect(failures).toEqual([['nobody', 'EHOSTUNREACH']]);
    },
  );

  test('onFailure hears which datagram failed and why; the others are sent', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const sender = attach(network, await open(network));
    const poller = poll(network, here);
    const failures: unknown[] = [];
    sender.onFailure = (tag, errno) => failures.push([tag, errno]);
    const oversize = new Uint8Array(65_600);
    for (const [tag, bytes] of [
      ['small', encode('one')],
      ['large', oversize],
      ['last', encode('two')],
    ] as const) {
      sender.out.begin(here.bound.address, here.bound.port, { from: 0, ifindex: 0, tag });
      sender.out.bytes(bytes);
      sender.out.end();
    }
    sender.flush();
    const taken = await take(poller, here, 2);
    expect(taken.map(({ bytes }) => text(bytes))).toEqual(['one', 'two']);
    expect(failures).toEqual([['large', 'EMSGSIZE']]);
  });

  test('a port that nobody serves does no harm to what follows', async () => {
    const network = await loadNetwork(name);
    const nobody = await network.bind({ address: LOOPBACK, port: 0 });
    if (!nobody.ok) throw new Error(nobody.error.errno);
    network.release(nobody.value);
    const here = attach(network, await open(network));
    const sender = attach(network, await open(network));
    const failures: unknown[] = [];
    sender.onFailure = (_, errno) => failures.push(errno);
    send(sender, nobody.value, encode('lost'));
    send(sender, here.bound, encode('found'));
    const [found] = await take(poll(network, here), here, 1);
    expect(text(found!.bytes)).toBe('found');
    expect(failures).toEqual([]);
  });

  test('wake() ends a wait before and during it', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const poller = poll(network, here);
    poller.wake();
    await poller.waitAsync(Infinity);
    expect(poller.readyCount).toBe(0);
    const waiting = poller.waitAsync(Infinity);
    poller.wake();
    await waiting;
    expect(poller.readyCount).toBe(0);
    await poller.waitAsync(1);
    expect(poller.readyCount).toBe(0);
  });

  test('close() ends a wait', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const poller = network.createPoller();
    poller.add(here);
    const waiting = poller.waitAsync(Infinity);
    poller.close();
    await waiting;
    expect(poller.readyCount).toBe(0);
  });

  test('attach() again serves the same port after a detach', async () => {
    const network = await loadNetwork(name);
    const bound = await open(network);
    const sender = attach(network, await open(network));
    const first = network.attach(bound);
    first.detach();
    const second = attach(network, bound);
    send(sender, bound, encode('still here'));
    const [one] = await take(poll(network, second), second, 1);
    expect(text(one!.bytes)).toBe('still here');
  });

  test('out takes more datagrams than it holds', async () => {
    const network = await loadNetwork(name);
    const here = attach(network, await open(network));
    const there = network.attach(await open(network), { outMessages: 4 });
    cleanups.push(() => there.detach());
    const contents = Array.from({ length: 50 }, (_, i) => encode(`${i}`));
    send(there, here.bound, ...contents);
    const taken = await take(poll(network, here), here, 50);
    expect(taken.map(({ bytes }) => text(bytes))).toEqual(contents.map((bytes) => text(bytes)));
  });
});

test('refuse() has the system drop what has these octets there, until it is told otherwise; dropped() counts', async () => {
  const network = await loadNetwork('linux');
  const bound = await open(network);
  const here = attach(network, bound);
  const sender = attach(network, await open(network));
  const poller = poll(network, here);
  const seen = async (...texts: string[]) => {
    send(sender, bound, ...texts.map(encode));
    return (await take(poller, here, 1)).map(({ bytes }) => text(bytes));
  };
  expect(await seen('..DISC')).toEqual(['..DISC']);
  const before = here.dropped?.() ?? 0;
  expect(here.refuse?.({ at: 2, octets: [...encode('DISC')] })).toBe(true);
  // Other octets, too short, elsewhere: all of these arrive.
  for (const passes of ['..DISX', '..XISC', '..DIS', 'DISC..', ''])
    expect(await seen('..DISC+', passes)).toEqual([passes]);
  expect((here.dropped?.() ?? 0) - before).toBe(5);
  expect(here.refuse?.(undefined)).toBe(true);
  expect(await seen('..DISC')).toEqual(['..DISC']);
  here.refuse?.({ at: 2, octets: [...encode('DISC')] });
  here.detach();
  const next = attach(network, bound);
  send(sender, bound, encode('..DISC'));
  expect(await take(poll(network, next), next, 1)).toHaveLength(1);
});

test('keepTogether() brings all datagrams of an address to one socket, and many addresses to all', async () => {
  const network = await loadNetwork('linux');
  const first = await open(network, { reusePort: 'claim' });
  const sharing = [first];
  for (let i = 1; i < 3; i++) sharing.push(await open(network, { reusePort: true, port: first.port }));
  expect(network.keepTogether(sharing)).toBe(true);
  for (let host = 1; host <= 60; host++) {
    for (let port = 0; port < 3; port++) {
      const client = await network.bind({ address: 0x7f00_0100 + host, port: 0 });
      if (!client.ok) throw new Error(client.error.errno);
      const socket = network.attach(client.value);
      send(socket, first, encode('one of three'));
      socket.detach();
      network.release(client.value);
    }
  }
  const clients = sharing.map((bound) => {
    const socket = attach(network, bound);
    const peers = new Map<number, number>();
    for (let count = socket.receive(); count > 0; count = socket.receive()) {
      for (let i = 0; i < count; i++) {
        const { peer } = socket.datagram(i);
        peers.set(peer, (peers.get(peer) ?? 0) + 1);
      }
    }
    return peers;
  });
  expect(clients.reduce((sum, { size }) => sum + size, 0)).toBe(60);
  for (const peers of clients) {
    expect(peers.size).toBeGreaterThan(5);
    expect([...peers.values()].every((count) => count === 3)).toBe(true);
  }
});
