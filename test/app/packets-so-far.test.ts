import { expect, test } from 'vitest';
import { packetsSoFar } from '../../src/app/packets-so-far.ts';

const TEXT = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
  eth0: 5000 7 0 0 0 0 0 0 6000 20 0 0 0 0 0 0
eth1:123456789 100 0 0 0 0 0 0 6000 200 0 0 0 0 0 0
`;

test.each([
  { names: ['eth0'], packets: 27 },
  { names: ['eth0', 'eth1'], packets: 327 },
  { names: ['eth9'], packets: 0 },
])('packetsSoFar() counts what crossed $names', ({ names, packets }) => {
  expect(packetsSoFar(names, () => TEXT)).toBe(packets);
});

test('packetsSoFar() does not know where nothing counts', () => {
  expect(packetsSoFar(['eth0'], () => undefined)).toBeUndefined();
});

test('packetsSoFar() reads this system’s own counters', () => {
  expect(packetsSoFar(['lo'])).toBeGreaterThanOrEqual(0);
});
