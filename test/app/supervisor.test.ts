import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSupervisor, type Supervisor, supervise } from '../../src/app/supervisor.ts';
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

/** Serves until it is told to stop, and then for `drainMs` more. */
function draining(name: string, drainMs: number): Task & { rests: string[] } {
  const rests: string[] = [];
  return {
    name,
    rests,
    async run({ signal, ready }) {
      ready(`${name} serves`);
      await untilAborted(signal);
      await new Promise((resolve) => void setTimeout(resolve, drainMs));
    },
    rest() {
      rests.push('rests');
      return () => void rests.push('wakes');
    },
  };
}

function phases(supervisor: Supervisor): string[] {
  return supervisor.states().map(({ name, phase }) => `${name} ${phase}`);
}

test('createSupervisor() stops a service, which stays so until it is started, and leaves the others alone', async () => {
  const { events, stop, options } = setup();
  const [dhcp, tftp] = [steady('dhcp'), draining('tftp', 100)];
  const supervisor = createSupervisor([dhcp, tftp], options);
  await vi.advanceTimersByTimeAsync(0);
  expect(phases(supervisor)).toEqual(['dhcp running', 'tftp running']);

  const stopping = supervisor.stop('tftp');
  await vi.advanceTimersByTimeAsync(99);
  expect(phases(supervisor)).toEqual(['dhcp running', 'tftp stopping']);
  await vi.advanceTimersByTimeAsync(1);
  expect(await stopping).toMatchObject({ changed: true, states: [{ name: 'tftp', phase: 'halted' }] });
  expect(events.at(-1)).toEqual({ type: 'service.stopped', service: 'tftp' });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(phases(supervisor)).toEqual(['dhcp running', 'tftp halted']);
  expect(tftp.rests).toEqual(['rests']);

  expect(await supervisor.start('tftp')).toMatchObject({ changed: true, states: [{ phase: 'running' }] });
  expect(tftp.rests).toEqual(['rests', 'wakes']);
  expect(supervisor.states()[1]).toMatchObject({ restarts: 0, detail: 'tftp serves' });
  expect(dhcp.starts).toBe(1);
  stop.abort();
  await vi.advanceTimersByTimeAsync(100);
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() says when a service is so already', async () => {
  const { stop, options } = setup();
  const task = steady('http');
  const supervisor = createSupervisor([task], options);
  await vi.advanceTimersByTimeAsync(0);
  expect(await supervisor.start('http')).toMatchObject({ changed: false, states: [{ phase: 'running' }] });
  await supervisor.stop('http');
  expect(await supervisor.stop('http')).toMatchObject({ changed: false, states: [{ phase: 'halted' }] });
  expect(task.starts).toBe(1);
  stop.abort();
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() restarts all workers of a service at once', async () => {
  const { stop, options } = setup();
  const workers = [steady('tftp 1'), steady('tftp 2')];
  const supervisor = createSupervisor([steady('dhcp'), ...workers], options);
  await vi.advanceTimersByTimeAsync(0);
  expect(supervisor.services).toEqual(['dhcp', 'tftp']);
  const { states } = await supervisor.restart('tftp');
  expect(states.map(({ name, phase, restarts }) => [name, phase, restarts])).toEqual([
    ['tftp 1', 'running', 0],
    ['tftp 2', 'running', 0],
  ]);
  expect(workers.map(({ starts }) => starts)).toEqual([2, 2]);
  stop.abort();
  await supervisor.finished;
});

test('createSupervisor() counts restarts after failures, and none that somebody asked for', async () => {
  const { stop, options } = setup();
  const supervisor = createSupervisor([shaky('http', 2)], options);
  await vi.advanceTimersByTimeAsync(250 + 500);
  expect(supervisor.states()[0]).toMatchObject({ phase: 'running', restarts: 2 });
  await supervisor.restart('http');
  await supervisor.stop('http');
  await supervisor.start('http');
  expect(supervisor.states()[0]).toMatchObject({ phase: 'running', restarts: 2 });
  stop.abort();
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() starts a service anew that failed too often before it was stopped', async () => {
  const { stop, options } = setup();
  const task = shaky('http', 5);
  const supervisor = createSupervisor([task], options);
  await vi.advanceTimersByTimeAsync(250 + 500 + 1000 + 2000);
  expect(supervisor.states()[0]).toMatchObject({ phase: 'backing-off', lastError: 'trouble 5' });
  await supervisor.stop('http');
  expect(supervisor.states()[0]).toMatchObject({ phase: 'halted', lastError: 'trouble 5' });
  // A sixth failure within the minute would have ended everything.
  task.starts = 0;
  const started = await supervisor.start('http');
  expect(started.states[0]).toMatchObject({ phase: 'backing-off', lastError: 'trouble 1' });
  await vi.advanceTimersByTimeAsync(250);
  stop.abort();
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() does not start a service twice that is told so while it stops', async () => {
  const { events, stop, options } = setup();
  const task = draining('tftp', 1000);
  const supervisor = createSupervisor([task], options);
  await vi.advanceTimersByTimeAsync(0);
  const stopped = supervisor.stop('tftp');
  const started = [supervisor.start('tftp'), supervisor.start('tftp')];
  await vi.advanceTimersByTimeAsync(1000);
  await Promise.all([stopped, ...started]);
  expect(supervisor.states()[0]).toMatchObject({ phase: 'running' });
  expect(events.filter(({ type }) => type === 'service.ready')).toHaveLength(2);
  stop.abort();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await supervisor.finished).toBe('stopped');
});

test.each([
  ['start', 'stop', 'halted'],
  ['start', 'restart', 'running'],
  ['start', 'start', 'running'],
  ['restart', 'restart', 'running'],
] as const)(
  'createSupervisor() does what it is told last: a rested service, %s and %s',
  async (first, second, phase) => {
    const { stop, options } = setup();
    const supervisor = createSupervisor([steady('http')], options);
    await vi.advanceTimersByTimeAsync(0);
    await supervisor.stop('http');
    const told = [supervisor[first]('http'), supervisor[second]('http')];
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(told);
    expect(supervisor.states()[0]).toMatchObject({ phase });
    expect(await supervisor.start('http')).toMatchObject({ states: [{ phase: 'running' }] });
    stop.abort();
    expect(await supervisor.finished).toBe('stopped');
  },
);

test.each([
  ['restart', 'stop', 'halted'],
  ['stop', 'restart', 'running'],
  ['stop', 'start', 'running'],
  ['start', 'stop', 'halted'],
  ['restart', 'start', 'running'],
] as const)(
  'createSupervisor() does what it is told last: one that runs, %s and %s',
  async (first, second, phase) => {
    for (const drainMs of [0, 1000]) {
      const { stop, options } = setup();
      const supervisor = createSupervisor([draining('tftp 1', drainMs), steady('tftp 2')], options);
      await vi.advanceTimersByTimeAsync(0);
      const told = [supervisor[first]('tftp'), supervisor[second]('tftp')];
      await vi.advanceTimersByTimeAsync(60_000);
      const [, last] = await Promise.all(told);
      expect(phases(supervisor)).toEqual([`tftp 1 ${phase}`, `tftp 2 ${phase}`]);
      expect(last!.states.map((state) => state.phase)).toEqual([phase, phase]);
      stop.abort();
      await vi.advanceTimersByTimeAsync(1000);
      expect(await supervisor.finished).toBe('stopped');
    }
  },
);

test('createSupervisor() stops for good when it is told so between a stop and the start that waits for it', async () => {
  const { stop, options } = setup();
  const supervisor = createSupervisor([draining('tftp', 1000)], options);
  await vi.advanceTimersByTimeAsync(0);
  const told = [supervisor.stop('tftp'), supervisor.start('tftp'), supervisor.stop('tftp')];
  await vi.advanceTimersByTimeAsync(60_000);
  await Promise.all(told);
  expect(phases(supervisor)).toEqual(['tftp halted']);
  stop.abort();
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() ends while a service rests, and while one stops', async () => {
  const { stop, options } = setup();
  const supervisor = createSupervisor([steady('http'), draining('tftp', 500)], options);
  await vi.advanceTimersByTimeAsync(0);
  await supervisor.stop('http');
  void supervisor.stop('tftp');
  stop.abort();
  await vi.advanceTimersByTimeAsync(500);
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() tells what a draining service is that does not come to an end', async () => {
  const { stop, options } = setup();
  const stuck: Task = {
    name: 'tftp',
    run: ({ ready }) => {
      ready();
      return new Promise(() => {});
    },
  };
  const supervisor = createSupervisor([stuck], { ...options, timing: { drainMs: 3000 } });
  await vi.advanceTimersByTimeAsync(0);
  const stopping = supervisor.stop('tftp');
  await vi.advanceTimersByTimeAsync(3000);
  expect((await stopping).states[0]).toMatchObject({ phase: 'stopping' });
  const starting = supervisor.start('tftp');
  const refused = expect(starting).rejects.toThrow('tftp has not come to an end yet');
  await vi.advanceTimersByTimeAsync(3000);
  await refused;
  stop.abort();
  await vi.advanceTimersByTimeAsync(3000);
  expect(await supervisor.finished).toBe('stopped');
});

test('createSupervisor() knows its services by name', async () => {
  const { stop, options } = setup();
  const supervisor = createSupervisor([steady('dhcp')], options);
  await expect(supervisor.stop('tftp')).rejects.toThrow('There is no service tftp; there is dhcp');
  stop.abort();
  await supervisor.finished;
});

test('createSupervisor() is ready when what is not halted is', async () => {
  const { stop, options } = setup();
  const onReady = vi.fn();
  const supervisor = createSupervisor([steady('a'), shaky('b', 3)], { ...options, onReady });
  await vi.advanceTimersByTimeAsync(0);
  expect(onReady).not.toHaveBeenCalled();
  await supervisor.stop('b');
  expect(onReady).toHaveBeenCalledTimes(1);
  stop.abort();
  await supervisor.finished;
});

test('createSupervisor() tells of a courtesy that fails, and goes on', async () => {
  const { events, stop, options } = setup();
  const task: Task = {
    ...steady('http'),
    rest() {
      throw new Error('EMFILE');
    },
  };
  const supervisor = createSupervisor([task], options);
  await vi.advanceTimersByTimeAsync(0);
  expect(await supervisor.stop('http')).toMatchObject({ states: [{ phase: 'halted' }] });
  expect(events).toContainEqual({
    ...{ type: 'service.warning', service: 'http', problem: 'at-rest' },
    detail: 'at rest: EMFILE',
  });
  expect(await supervisor.start('http')).toMatchObject({ states: [{ phase: 'running' }] });
  stop.abort();
  expect(await supervisor.finished).toBe('stopped');
});
