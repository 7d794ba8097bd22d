import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { feedWatchdog, watchdogMs } from '../../src/app/watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  { name: 'half the time', env: { WATCHDOG_USEC: '30000000' }, want: 15_000 },
  { name: 'for this process', env: { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, want: 15_000 },
  { name: 'not for another', env: { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, want: undefined },
  { name: 'not when nobody watches', env: {}, want: undefined },
  { name: 'not for nonsense', env: { WATCHDOG_USEC: 'soon' }, want: undefined },
])('watchdogMs() is $name', ({ env, want }) => {
  expect(watchdogMs({ env, pid: 7 })).toBe(want);
});

test('feedWatchdog() says that pxed lives, for as long as all that serves does', async () => {
  const notify = vi.fn();
  let lives = true;
  const stop = new AbortController();
  const env = { WATCHDOG_USEC: '2000000' };
  feedWatchdog({ notify, inside: { answer: async () => lives } }, { env, pid: 7, signal: stop.signal });
  await vi.advanceTimersByTimeAsync(2000);
  expect(notify.mock.calls).toEqual([['WATCHDOG=1'], ['WATCHDOG=1'], ['WATCHDOG=1']]);
  lives = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(notify).toHaveBeenCalledTimes(3);
  lives = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(notify).toHaveBeenCalledTimes(4);
  stop.abort();
  expect(vi.getTimerCount()).toBe(0);
});
