import { expect, test } from 'vitest';
import { BOUNDS_MS, createEventCounts } from '../../src/events/counts.ts';
import type { BootEvent } from '../../src/events/event.ts';

const MAC = '52:54:00:00:00:07';
const PEER = { peer: '10.0.0.7', port: 2000 };
const FILE = { file: 'pxelinux.0', blksize: 512, windowsize: 1, retransmissions: 2 };

function countsOf(...events: BootEvent[]) {
  const counts = createEventCounts();
  for (const event of events) counts.hear({ at: 0, event });
  return counts;
}

const DONE: BootEvent = { type: 'tftp.done', ...PEER, ...FILE, write: false, bytes: 1000, tookMs: 30 };

test('createEventCounts() counts types, octets, retransmissions and durations', () => {
  const counts = countsOf(
    DONE,
    { ...DONE, tookMs: 400_000 },
    { type: 'tftp.failed', ...PEER, ...FILE, write: false, failure: 'timeout', bytes: 10, tookMs: 9000 },
    { type: 'tftp.done', ...PEER, ...FILE, write: true, bytes: 7, tookMs: 5 },
    { type: 'http.done', ...PEER, file: '/a', sizeBytes: 50, bytes: 50, whole: true, tookMs: 6 },
  );
  expect(Object.fromEntries(counts.types)).toEqual({ 'tftp.done': 3, 'tftp.failed': 1, 'http.done': 1 });
  expect(counts.bytes).toEqual({ tftpSent: 2010, tftpReceived: 7, httpSent: 50 });
  expect(counts.retransmissions).toBe(8);
  const { counts: buckets, sumMs } = counts.durations.tftp;
  expect(sumMs).toBe(400_035);
  expect(buckets).toHaveLength(BOUNDS_MS.length + 1);
  expect([buckets[0], buckets[2], buckets.at(-1)]).toEqual([1, 1, 1]); // 5 ms is at most 5 ms
  expect(counts.durations.http.counts[1]).toBe(1);
});

test('createEventCounts() knows why, and how many were not told one by one', () => {
  const counts = countsOf(
    { type: 'dhcp.ignored', mac: MAC, messageType: 'DISCOVER', why: 'not-netboot' },
    { type: 'dhcp.ignored', mac: MAC, messageType: 'REQUEST', why: 'not-netboot' },
    { type: 'dhcp.malformed', peer: 1, why: 'too-short', unreported: 9 },
  );
  expect(counts.reasons.get('dhcp.ignored')).toEqual(new Map([['not-netboot', 2]]));
  expect(counts.types.get('dhcp.malformed')).toBe(10);
});

test('createEventCounts() tells apart no more reasons than there can be, and takes no stranger’s words', () => {
  const counts = createEventCounts();
  for (let i = 0; i < 1000; i++) {
    counts.hear({ at: 0, event: { type: 'tftp.malformed', ...PEER, why: `reason-${i}` } });
  }
  counts.hear({ at: 0, event: { type: 'http.malformed', ...PEER, why: 'HPE "} evil{' } });
  const reasons = counts.reasons.get('tftp.malformed')!;
  expect(reasons.size).toBe(65);
  expect(reasons.get('other')).toBe(1000 - 64);
  expect([...counts.reasons.get('http.malformed')!]).toEqual([['other', 1]]);
});

test('createEventCounts() keeps the role of each interface', () => {
  const counts = countsOf(
    { type: 'dhcp.role', interface: 'eth0', role: 'server' },
    { type: 'dhcp.role', interface: 'eth0', role: 'proxy' },
  );
  expect([...counts.roles]).toEqual([['eth0', 'proxy']]);
});
