import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BootEvent } from '../../../src/events/event.ts';
import { createRecentEvents } from '../../../src/events/recent.ts';
import {
  type LiveQuestion,
  type LiveSources,
  recentOf,
  watchLive,
} from '../../../src/server/control/live.ts';
import type { SentEvent } from '../../../src/server/control/route.ts';
import type { LiveTransfer } from '../../../src/server/live-transfer.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const MAC = '52:54:00:00:00:07';
const ACK: BootEvent = { type: 'dhcp.ack', ip: 0x0a00_0007, mac: MAC, leaseSeconds: 3600 };
const FILE = {
  peer: '10.0.0.7',
  port: 2000,
  file: 'pxelinux.0',
  write: false,
  blksize: 512,
  windowsize: 1,
} as const;
const DONE: BootEvent = { type: 'tftp.done', ...FILE, bytes: 42, tookMs: 5, retransmissions: 0 };
const OTHER: BootEvent = { type: 'tftp.malformed', peer: '10.0.0.8', port: 1, why: 'opcode' };

function sourcesOf(
  transfers: readonly LiveTransfer[] = [],
): LiveSources & { happen(event: BootEvent): void } {
  const recent = createRecentEvents();
  return {
    ...{ recent, run: 'r1' },
    macOf: (peer) => (peer === '10.0.0.7' ? MAC : undefined),
    transfers: async () => transfers,
    throughput: () => ({ tftpBytes: 1, httpBytes: 2, events: recent.last }),
    happen: (event) => recent.hear({ at: Date.now(), event }),
  };
}

/** The first `count` of what is sent. */
async function first(
  count: number,
  sources: LiveSources,
  question: Partial<LiveQuestion>,
): Promise<SentEvent[]> {
  const stop = new AbortController();
  const got: SentEvent[] = [];
  const whole = { streams: new Set(['boot'] as const), signal: stop.signal, ...question };
  for await (const event of watchLive(sources, whole)) {
    if (got.push(event) === count) stop.abort();
  }
  return got;
}

function textsOf(events: readonly SentEvent[]): string[] {
  return events.map(({ id, data }) => `${id} ${(data as { type: string }).type}`);
}

test('watchLive() tells events with words for people and addresses as text', async () => {
  const sources = sourcesOf();
  const told = first(1, sources, {});
  await vi.advanceTimersByTimeAsync(0);
  sources.happen(ACK);
  expect(await told).toEqual([
    {
      event: 'boot',
      id: 'r1:1',
      data: {
        ...{ at: '1970-01-01T00:16:40.000Z', level: 'info', type: 'dhcp.ack' },
        ...{ ip: '10.0.0.7', mac: MAC, leaseSeconds: 3600 },
        text: expect.stringContaining('10.0.0.7'),
      },
    },
  ]);
});

test.each<{ name: string; question: Partial<LiveQuestion>; want: string[] }>([
  { name: 'after an id of this run', question: { after: 'r1:2' }, want: ['r1:3 tftp.malformed'] },
  {
    name: 'everything after an id of another run',
    question: { after: 'r0:9' },
    want: ['r1:1 dhcp.ack', 'r1:2 tftp.done', 'r1:3 tftp.malformed'],
  },
  {
    name: 'everything kept',
    question: { after: '0' },
    want: ['r1:1 dhcp.ack', 'r1:2 tftp.done', 'r1:3 tftp.malformed'],
  },
  { name: 'the last two', question: { last: 2 }, want: ['r1:2 tftp.done', 'r1:3 tftp.malformed'] },
  {
    name: 'those of a MAC, by its address, too',
    question: { after: '0', machine: MAC },
    want: ['r1:1 dhcp.ack', 'r1:2 tftp.done'],
  },
  {
    name: 'those of an address',
    question: { after: '0', machine: '10.0.0.8' },
    want: ['r1:3 tftp.malformed'],
  },
  { name: 'those of a type', question: { after: '0', types: ['dhcp.ack'] }, want: ['r1:1 dhcp.ack'] },
  {
    name: 'those of a protocol',
    question: { after: '0', types: ['tftp'] },
    want: ['r1:2 tftp.done', 'r1:3 tftp.malformed'],
  },
])('watchLive() tells what was before: $name', async ({ question, want }) => {
  const sources = sourcesOf();
  for (const event of [ACK, DONE, OTHER]) sources.happen(event);
  expect(textsOf(await first(want.length, sources, question))).toEqual(want);
});

test('watchLive() looks at transfers each second, and no more when nobody looks', async () => {
  const transfers: LiveTransfer[] = [
    {
      protocol: 'tftp',
      peer: '10.0.0.7',
      file: 'a',
      write: false,
      bytes: 10,
      totalBytes: 20,
      startedMsAgo: 5,
    },
  ];
  const looks = vi.fn(async () => transfers);
  const sources = { ...sourcesOf(), transfers: looks };
  const told = first(4, sources, { streams: new Set(['transfers', 'throughput']) });
  await vi.advanceTimersByTimeAsync(1000);
  expect((await told).map(({ event }) => event)).toEqual([
    'transfers',
    'throughput',
    'transfers',
    'throughput',
  ]);
  expect((await told)[0]?.data).toEqual(transfers);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(looks).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('watchLive() goes on where one look fails', async () => {
  const throughput = vi.fn(sourcesOf().throughput).mockImplementationOnce(() => {
    throw new Error('not now');
  });
  const sources = { ...sourcesOf(), throughput };
  const told = first(2, sources, { streams: new Set(['throughput']) });
  await vi.advanceTimersByTimeAsync(2000);
  expect(await told).toHaveLength(2);
  expect(throughput).toHaveBeenCalledTimes(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('watchLive() passes on how machines move', async () => {
  const listeners = new Set<(summary: unknown) => void>();
  const machines = {
    subscribe(listener: (summary: unknown) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const told = first(1, { ...sourcesOf(), machines }, { streams: new Set(['machine']) });
  await vi.advanceTimersByTimeAsync(0);
  for (const listener of listeners) listener({ id: MAC, stage: 'kernel' });
  expect(await told).toEqual([{ event: 'machine', data: { id: MAC, stage: 'kernel' } }]);
  expect(listeners.size).toBe(0);
});

test('watchLive() tells a slow reader how many it missed', async () => {
  const sources = sourcesOf();
  const stop = new AbortController();
  const events = watchLive(sources, { streams: new Set(['boot']), signal: stop.signal });
  const reading = events.next();
  await vi.advanceTimersByTimeAsync(0);
  sources.happen(ACK);
  expect((await reading).value?.id).toBe('r1:1');
  for (let i = 0; i < 2500; i++) sources.happen(OTHER);
  const next = (await events.next()).value as SentEvent;
  expect(next.event).toBe('lost');
  const { events: lost } = next.data as { events: number };
  expect(lost).toBeGreaterThan(0);
  expect((await events.next()).value?.id).toBe(`r1:${1 + lost + 1}`);
  stop.abort();
});

test('recentOf() gives the last that are wanted', () => {
  const sources = sourcesOf();
  for (const event of [ACK, DONE, OTHER]) sources.happen(event);
  const question = { streams: new Set<never>(), types: ['tftp'], signal: AbortSignal.abort() };
  expect(recentOf(sources, question).map(({ number }) => number)).toEqual([2, 3]);
});
