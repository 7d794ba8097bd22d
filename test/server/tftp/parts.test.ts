import { expect, test } from 'vitest';
import { createFrameSizes } from '../../../src/server/tftp/frame-sizes.ts';
import { createRecentPeers } from '../../../src/server/tftp/recent-peers.ts';
import { createThrottle } from '../../../src/server/tftp/throttle.ts';

test('createThrottle() lets a burst through, then so many a second', () => {
  const throttle = createThrottle({ perSecond: 10, burst: 3 });
  const passed = (from: number, count: number) =>
    Array.from({ length: count }, () => throttle.pass(from)).filter(Boolean).length;
  expect(passed(0, 10)).toBe(3);
  expect(passed(100, 10)).toBe(1);
  expect(passed(1100, 100)).toBe(3);
});

test('createRecentPeers() remembers a client for some seconds, and thousands of clients', () => {
  const recent = createRecentPeers();
  recent.add(1, 1000, 2, 0);
  expect(recent.tidOf(1, 1000, 5_000)).toBe(2);
  expect(recent.tidOf(1, 1001, 5_000)).toBeUndefined();
  expect(recent.tidOf(1, 1000, 20_000)).toBeUndefined();
  recent.add(1, 1000, 3, 20_000); // again, from the same port
  for (let i = 0; i < 8191; i++) recent.add(2 + i, 1000, 0, 20_000);
  expect(recent.tidOf(1, 1000, 20_000)).toBe(3);
  recent.add(1, 2000, 0, 20_000);
  expect(recent.tidOf(1, 1000, 20_000)).toBeUndefined();
});

test('createFrameSizes() knows each interface, and notices a change of its MTU', () => {
  let mtu = 1500;
  const eth0 = { name: 'eth0', index: 2, mac: '', up: true, running: true, loopback: false, addresses: [] };
  const lo = { ...eth0, name: 'lo', index: 1, loopback: true, mtu: 65_536 };
  const sizes = createFrameSizes({ interfaces: () => [lo, { ...eth0, mtu }] });
  expect(sizes.payloadOf(2, 0)).toBe(1472);
  expect(sizes.payloadOf(1, 0)).toBe(65_507);
  mtu = 1400;
  expect(sizes.payloadOf(2, 60_000)).toBe(1372);
  expect(sizes.payloadOf(0, 60_000)).toBe(1372); // unknown: what fits all
});
