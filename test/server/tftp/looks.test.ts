import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLooks } from '../../../src/server/tftp/looks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIVE = [
  { protocol: 'tftp', peer: '10.0.0.7', file: 'a', write: false, bytes: 1, startedMsAgo: 2 },
] as const;

test('createLooks() gives each question its own answer', async () => {
  const looks = createLooks();
  const ids: number[] = [];
  const first = looks.ask((id) => void ids.push(id));
  const second = looks.ask((id) => void ids.push(id));
  looks.answered(ids[1]!, []);
  looks.answered(ids[0]!, LIVE);
  looks.answered(99, LIVE);
  expect([await first, await second]).toEqual([LIVE, []]);
  expect(vi.getTimerCount()).toBe(0);
});

test('createLooks() gives up on a thread that hangs', async () => {
  const looks = createLooks();
  const asked = looks.ask(() => {});
  await vi.advanceTimersByTimeAsync(2000);
  expect(await asked).toBeUndefined();
});

test('createLooks() lets nobody wait for a thread that has ended', async () => {
  const looks = createLooks();
  const asked = [looks.ask(() => {}), looks.ask(() => {})];
  looks.end();
  expect(await Promise.all(asked)).toEqual([[], []]);
  expect(vi.getTimerCount()).toBe(0);
});
