import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { letDatagramsGo, turnConnectionsAway } from '../../src/app/rest.ts';
import type { BoundSocket, Network } from '../../src/net/datagram.ts';
import { loadNetwork } from '../../src/net/load.ts';

afterEach(() => void vi.useRealTimers());

/** What `count` datagrams that wait are to a socket, 64 at a time. */
function networkOf(waiting: Map<BoundSocket, number>) {
  const detached: BoundSocket[] = [];
  const attach = (bound: BoundSocket) => ({
    receive() {
      const taken = Math.min(64, waiting.get(bound) ?? 0);
      waiting.set(bound, (waiting.get(bound) ?? 0) - taken);
      return taken;
    },
    detach: () => void detached.push(bound),
  });
  return { detached, network: { attach } as unknown as Network };
}

test.each([
  { afterMs: 999, left: 150 },
  { afterMs: 1000, left: 0 },
])('letDatagramsGo() leaves $left of 150 that waited when $afterMs ms are over', ({ afterMs, left }) => {
  const bound = { fd: 7 } as BoundSocket;
  const waiting = new Map([[bound, 150]]);
  const { network, detached } = networkOf(waiting);
  vi.useFakeTimers({ toFake: ['performance'] });
  const wake = letDatagramsGo(network, { sockets: [bound] });
  vi.advanceTimersByTime(afterMs);
  wake();
  expect(waiting.get(bound)).toBe(left);
  expect(detached).toEqual(left === 0 ? [bound] : []);
});

test('turnConnectionsAway() resets whoever comes to a port that stays open, until it is told to end', async ({
  skip,
}) => {
  const network = await loadNetwork();
  skip(network.name !== 'linux', 'ports are closed there');
  const bound = await network.tcp.bind({ address: 0x7f00_0001, port: 0 });
  if (!bound.ok) throw new Error(bound.error.errno);
  const wake = turnConnectionsAway(network, [bound.value]);
  const away = connect(bound.value.port, '127.0.0.1').on('error', () => {});
  const [error] = (await once(away, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  wake();
  const server = createServer((socket) => socket.end('back')).listen(network.tcp.listenOptions(bound.value));
  const back = connect(bound.value.port, '127.0.0.1');
  expect(String((await once(back, 'data'))[0])).toBe('back');
  server.close();
  network.tcp.release(bound.value);
});
