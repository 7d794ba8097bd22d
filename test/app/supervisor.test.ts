import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { supervise } from '../../src/app/supervisor.ts';
import type { Task } from '../../src/app/task.ts';
import type { BootEvent } from '../../src/events/event.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Serves well, and says how often it was started. */
function steady(name: string): Task & { starts: number } {
  return {
    name,
    starts: 0,
    async run({ signal, ready }) {
      this.starts++;
      ready();
      await untilAborted(signal);
    },
  };
}

/** Fails `times` times, then serves. */
function shaky(name: string, times: number): Task & { starts: number } {
  return {
    name,
    starts: 0,
    async run({ signal, ready }) {
      this.starts++;
      if (this.starts <= times) throw new Error(`trouble ${this.starts}`);
      ready();
      await untilAborted(signal);
    },
  };
}

function setup() {
  const events: BootEvent[] = [];
  const stop = new AbortController();
  const emit = (event: BootEvent) => void events.push(event);
  return { events, stop, options: { emit, signal: stop.signal } };
}

test('supervise() reports ready once, when every task is', async () => {
  const { stop, options } = setup();
  const onReady = vi.fn();
  const running = supervise([steady('a'), shaky('b', 1)], { ...options, onReady });
  await vi.advanceTimersByTimeAsync(0);
  expect(onReady).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(250);
  expect(onReady).toHaveBeenCalledTimes(1);
  stop.abort();
  expect(await running).toBe('stopped');
});

test('supervise() restarts a task that fails and leaves the others alone', async () => {
  const { events, stop, options } = setup();
  const good = steady('good');
  const bad = shaky('bad', 2);
  const running = supervise([good, bad], options);
  await vi.advanceTimersByTimeAsync(250);
  await vi.advanceTimersByTimeAsync(500);
  expect(bad.starts).toBe(3);
  expect(good.starts).toBe(1);
  expect(events.filter((event) => event.type === 'service.failed')).toEqual([
    { type: 'service.failed', service: 'bad', detail: 'trouble 1', restartInMs: 250 },
    { type: 'service.failed', service: 'bad', detail: 'trouble 2', restartInMs: 500 },
  ]);
  stop.abort();
  expect(await running).toBe('stopped');
});

test('supervise() gives up on a task that keeps failing, and stops the rest', async () => {
  const { events, options } = setup();
  const good = steady('good');
  const running = supervise([good, shaky('bad', 99)], options);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await running).toBe('failed');
  expect(events.at(-1)).toEqual({ type: 'service.stopped', service: 'good' });
  const failed = events.filter((event) => event.type === 'service.failed');
  expect(failed).toHaveLength(6);
  expect(failed.at(-1)).not.toHaveProperty('restartInMs');
});

test('supervise() treats an end that nobody asked for as a failure', async () => {
  const { events, stop, options } = setup();
  const running = supervise([{ name: 'quitter', run: async () => {} }], options);
  await vi.advanceTimersByTimeAsync(0);
  expect(events[0]).toMatchObject({ type: 'service.failed', service: 'quitter', restartInMs: 250 });
  stop.abort();
  await running;
});

test('supervise() waits for a draining task, but not for ever', async () => {
  const { stop, options } = setup();
  const stuck: Task = { name: 'stuck', run: () => new Promise(() => {}) };
  const running = supervise([stuck], { ...options, timing: { drainMs: 3000 } });
  stop.abort();
  const ended = vi.fn();
  void running.then(ended);
  await vi.advanceTimersByTimeAsync(2999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(await running).toBe('stopped');
});

test('supervise() calls a stop with a failing drain still a stop', async () => {
  const { events, stop, options } = setup();
  const task: Task = {
    name: 'sour',
    async run({ signal }) {
      await untilAborted(signal);
      throw new Error('could not drain');
    },
  };
  const running = supervise([task], options);
  stop.abort();
  expect(await running).toBe('stopped');
  expect(events).toEqual([{ type: 'service.failed', service: 'sour', detail: 'could not drain' }]);
});
