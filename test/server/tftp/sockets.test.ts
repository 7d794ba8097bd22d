import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import type { BoundSocket, NetError, Network } from '../../../src/net/datagram.ts';
import { loadNetwork } from '../../../src/net/load.ts';
import {
  openTftpSockets,
  releaseTftpSockets,
  type TftpSocketSpec,
  type TftpSockets,
} from '../../../src/server/tftp/sockets.ts';

const LOOPBACK = 0x7f00_0001;
const IPV6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function open(network: Network, spec: Partial<TftpSocketSpec>): Promise<TftpSockets[]> {
  const opened = await openTftpSockets(network, { port: 0, singlePort: false, ...spec });
  if (!opened.ok) throw new Error(`${opened.error.operation}: ${opened.error.errno}`);
  cleanups.push(() => releaseTftpSockets(network, opened.value));
  return opened.value;
}

/** A Linux network that refuses what `refusal` says, and counts what is open. */
async function watched(refusal: (spec: { ipv6?: boolean }) => NetError | undefined = () => undefined) {
  const network = await loadNetwork('linux');
  const bound = new Set<BoundSocket>();
  const bind: Network['bind'] = async (spec) => {
    const error = refusal(spec);
    const outcome = error ? { ok: false as const, error } : await network.bind(spec);
    if (outcome.ok) bound.add(outcome.value);
    return outcome;
  };
  const release: Network['release'] = (one) => {
    bound.delete(one);
    network.release(one);
  };
  return { network: { ...network, bind, release }, bound };
}

test('openTftpSockets() gives each worker a socket of the one port, and TIDs of its own', async () => {
  const network = await loadNetwork('linux');
  const crew = await open(network, { address: LOOPBACK, workers: 3 });
  const ports = crew.flat();
  expect(crew.map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(new Set(ports.map(({ listen }) => listen.port)).size).toBe(1);
  expect(new Set(ports.map(({ listen }) => listen.fd)).size).toBe(3);
  expect(ports.map(({ transfer }) => transfer.length)).toEqual([4, 4, 4]);
  expect(new Set(ports.flatMap(({ transfer }) => transfer.map(({ port }) => port))).size).toBe(12);
});

test('openTftpSockets() does not share a port with another server, though that shares it among its workers', async () => {
  const network = await loadNetwork('linux');
  const [first] = await open(network, { address: LOOPBACK, workers: 2 });
  for (const workers of [1, 2]) {
    const { port } = first![0]!.listen;
    const second = await openTftpSockets(network, { address: LOOPBACK, port, singlePort: false, workers });
    expect(second).toEqual({ ok: false, error: { operation: 'bind', errno: 'EADDRINUSE' } });
  }
});

test('openTftpSockets() has no more workers than a range has ports', async () => {
  const network = await loadNetwork('linux');
  const from = (await open(network, { address: LOOPBACK }))[0]![0]!.transfer[0]!.port;
  const ports = { from, to: from + 3 }; // the first is taken, and perhaps one of the others
  const crew = await open(network, { address: LOOPBACK, workers: 8, ports });
  expect(crew.length).toBeGreaterThan(0);
  expect(crew.length).toBeLessThan(4);
  for (const { transfer } of crew.flat()) expect(transfer).toHaveLength(1);
});

test('openTftpSockets() needs no TIDs where one port does it all', async () => {
  const network = await loadNetwork('linux');
  const crew = await open(network, { address: LOOPBACK, workers: 3, singlePort: true });
  expect(crew.flat().map(({ transfer }) => transfer.length)).toEqual([0, 0, 0]);
});

test.skipIf(!IPV6)(
  'openTftpSockets() opens the same port for IPv6, unless one IPv4 address is asked for',
  async () => {
    const network = await loadNetwork('linux');
    const crew = await open(network, { workers: 2 });
    expect(crew).toHaveLength(2);
    for (const [v4, v6, ...more] of crew) {
      expect(v6!.listen).toMatchObject({ ipv6: true, port: v4!.listen.port });
      expect(v6!.transfer.map(({ ipv6 }) => ipv6)).toEqual([true, true, true, true]);
      expect(more).toEqual([]);
    }
    const [one] = await open(network, { address: LOOPBACK });
    expect(one).toHaveLength(1);
  },
);

test('openTftpSockets() serves IPv4 alone where the kernel has no IPv6', async () => {
  const { network } = await watched(({ ipv6 }) =>
    ipv6 ? { operation: 'socket', errno: 'EAFNOSUPPORT' } : undefined,
  );
  const [one] = await open(network, {});
  expect(one!.map(({ transfer }) => transfer.length)).toEqual([4]);
});

test('openTftpSockets() leaves nothing open when it fails half way', async () => {
  let left = 7;
  const { network, bound } = await watched(() =>
    left-- > 0 ? undefined : { operation: 'bind', errno: 'EMFILE' },
  );
  const opened = await openTftpSockets(network, {
    address: LOOPBACK,
    port: 0,
    singlePort: false,
    workers: 4,
  });
  // Some of the TIDs, and then not even a second listener.
  expect(opened).toEqual({ ok: false, error: { operation: 'bind', errno: 'EMFILE' } });
  expect(bound.size).toBe(0);
});

test('openTftpSockets() gives each worker the same port of each interface, bound to that one alone', async () => {
  const { network } = await watched(({ ipv6 }) =>
    ipv6 ? { operation: 'socket', errno: 'EAFNOSUPPORT' } : undefined,
  );
  const bind: Network['bind'] = ({ interface: name, ...spec }) =>
    network.bind({ ...spec, address: at(name) });
  const opened = await openTftpSockets(
    { ...network, bind },
    { interfaces: ['first', 'second'], port: 0, singlePort: false, workers: 2 },
  );
  if (!opened.ok) throw new Error(opened.error.errno);
  cleanups.push(() => releaseTftpSockets(network, opened.value));
  expect(opened.value).toHaveLength(2);
  for (const [first, second, ...more] of opened.value) {
    expect(first!.listen.address).toBe(at('first'));
    expect(second!.listen.address).toBe(at('second'));
    expect(second!.listen.port).toBe(first!.listen.port);
    expect([first!.transfer.length, second!.transfer.length]).toEqual([4, 4]);
    expect(second!.transfer.every(({ address }) => address === at('second'))).toBe(true);
    expect(more).toEqual([]);
  }
});

/** An interface as an address of loopback. */
function at(name: string | undefined): number {
  return LOOPBACK + (name === 'first' ? 0x101 : 0x201);
}
