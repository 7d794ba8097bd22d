import { expect, test } from 'vitest';
import type { BootEvent } from '../../../src/events/event.ts';
import { createEventBatches } from '../../../src/server/tftp/event-batches.ts';
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

test('createFrameSizes() knows each interface, and notices a change of its MTU within two seconds', () => {
  let mtu = 1500;
  const eth0 = { name: 'eth0', index: 2, mac: '', up: true, running: true, loopback: false, addresses: [] };
  const lo = { ...eth0, name: 'lo', index: 1, loopback: true, mtu: 65_536 };
  const sizes = createFrameSizes({ interfaces: () => [lo, { ...eth0, mtu }] });
  expect(sizes.payloadOf(2, 0)).toBe(1472);
  expect(sizes.payloadOf(1, 0)).toBe(65_507);
  mtu = 1400;
  expect(sizes.payloadOf(2, 2_000)).toBe(1372);
  expect(sizes.payloadOf(0, 2_000)).toBe(1372); // unknown: what fits all
});

test('createEventBatches() sends events soon, or as soon as they are many', () => {
  let now = 0;
  const posted: BootEvent[][] = [];
  const batches = createEventBatches({
    post: (json) => posted.push(JSON.parse(json)),
    taken: () => posted.length,
    clock: () => now,
  });
  expect(batches.dueInMs()).toBe(Number.POSITIVE_INFINITY);
  batches.send();
  expect(posted).toEqual([]);
  batches.emit({ type: 'service.stopped', service: 'a' });
  now = 5;
  batches.emit({ type: 'service.stopped', service: 'b' });
  expect(batches.dueInMs()).toBe(15);
  for (let i = 0; i < 126; i++) batches.emit({ type: 'service.stopped', service: 'c' });
  expect(batches.dueInMs()).toBe(0);
  batches.send();
  expect(posted.map((batch) => batch.length)).toEqual([128]);
  expect(batches.dueInMs()).toBe(Number.POSITIVE_INFINITY);
});

test('createEventBatches() keeps no more than some MB for a log that takes nothing, and tells how much it lost', () => {
  let taken = 0;
  const posted: BootEvent[][] = [];
  const batches = createEventBatches({
    post: (json) => posted.push(JSON.parse(json)),
    taken: () => taken,
    clock: () => 0,
  });
  const line: BootEvent = { type: 'service.stopped', service: 'x' };
  for (let i = 0; i < 100_000; i++) {
    batches.emit(line);
    if (batches.dueInMs() === 0) batches.send();
  }
  expect(posted.length).toBe(256);
  expect(batches.dueInMs()).toBeGreaterThan(0); // a worker that is always due would not sleep
  taken = 10;
  batches.emit(line);
  batches.send();
  const told = 256 * 128;
  expect(posted.at(-1)).toMatchObject([
    {
      type: 'service.warning',
      problem: 'events-lost',
      detail: expect.stringContaining(`${100_000 - told} `),
    },
    line,
  ]);
});

test('createEventBatches() keeps files that were delivered when a flood of refusals is not taken', () => {
  const posted: BootEvent[] = [];
  let batchCount = 0;
  const batches = createEventBatches({
    post: (json) => {
      posted.push(...(JSON.parse(json) as BootEvent[]));
      batchCount++;
    },
    taken: () => 0,
    clock: () => 0,
  });
  const peer = { peer: '192.168.77.50', port: 2000 };
  const refused: BootEvent = {
    ...{ type: 'tftp.refused', ...peer, file: 'x', write: false, code: 1 },
    failure: 'not-found',
  };
  const done: BootEvent = {
    ...{ type: 'tftp.done', ...peer, file: 'initrd', write: false, bytes: 1, tookMs: 1, retransmissions: 0 },
    ...{ blksize: 512, windowsize: 1 },
  };
  const emit = (event: BootEvent) => {
    batches.emit(event);
    if (batches.dueInMs() === 0) batches.send();
  };
  for (let i = 0; i < 256 * 128 + 5000; i++) emit(refused);
  emit(done);
  batches.send();
  expect(posted).toContainEqual(done);
  for (let i = 0; i < 100_000; i++) emit(done);
  expect(batchCount).toBe(2 * 256);
});
