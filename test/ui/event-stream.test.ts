import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, openEventStream } from '../../src/ui/api/event-stream.ts';

/** What a browser has, without a network. */
class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  onopen?: () => void;
  onerror?: () => void;
  isClosed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.all.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  tell(name: string, data: unknown, lastEventId = ''): void {
    this.dispatchEvent(
      Object.assign(new Event(name), { data: JSON.stringify(data), lastEventId }) as unknown as Event,
    );
  }
}

beforeEach(() => {
  FakeSource.all = [];
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('window', globalThis);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function open(more: { mayRetry?: () => Promise<boolean>; silenceMs?: number } = {}) {
  const heard: unknown[] = [];
  const states: Connection[] = [];
  let last = '0';
  const stream = openEventStream({
    mayRetry: async () => true,
    ...more,
    path: () => `/events?after=${last}`,
    onConnection: (state) => void states.push(state),
    on: {
      boot(data, id) {
        last = id;
        heard.push(data);
      },
    },
  });
  return { stream, heard, states, sources: FakeSource.all };
}

test('openEventStream() hands on what comes, and comes back from where it was', async () => {
  const { heard, states, sources } = open();
  sources[0]!.onopen!();
  sources[0]!.tell('boot', { n: 1 }, 'run:1');
  sources[0]!.onerror!();
  expect(sources[0]!.isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sources.map(({ url }) => url)).toEqual(['/events?after=0', '/events?after=run:1']);
  sources[1]!.onopen!();
  sources[1]!.tell('boot', { n: 2 }, 'run:2');
  expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
  expect(states).toEqual(['connecting', 'open', 'lost', 'connecting', 'open']);
});

test('openEventStream() waits longer each time that nobody answers, and not longer than 8 s', async () => {
  const { sources } = open();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++) {
    sources.at(-1)!.onerror!();
    const before = sources.length;
    let ms = 0;
    while (sources.length === before) {
      await vi.advanceTimersByTimeAsync(1000);
      ms += 1000;
    }
    pauses.push(ms);
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 8000]);
});

test('openEventStream() notices a server that is gone without a word', async () => {
  const { sources, states } = open({ silenceMs: 10_000 });
  sources[0]!.onopen!();
  await vi.advanceTimersByTimeAsync(9000);
  sources[0]!.tell('boot', {});
  await vi.advanceTimersByTimeAsync(9999);
  expect(states.at(-1)).toBe('open');
  await vi.advanceTimersByTimeAsync(1);
  expect(states.at(-1)).toBe('lost');
});

test('openEventStream() does not come back where the session is over, nor after it was closed', async () => {
  const over = open({ mayRetry: async () => false });
  over.sources[0]!.onerror!();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSource.all.length).toBe(1);
  const closed = open();
  closed.stream.close();
  FakeSource.all[1]!.onerror!();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSource.all.length).toBe(2);
  expect(FakeSource.all[1]!.isClosed).toBe(true);
});
