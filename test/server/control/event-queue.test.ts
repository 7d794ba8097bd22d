import { expect, test } from 'vitest';
import { createEventQueue } from '../../../src/server/control/event-queue.ts';

test('createEventQueue() gives what was pushed, in order, and waits for more', async () => {
  const stop = new AbortController();
  const queue = createEventQueue<number>(10);
  queue.push(1);
  const items = queue.items(stop.signal);
  expect(await items.next()).toEqual({ value: 1, done: false });
  const next = items.next();
  queue.push(2);
  queue.push(3);
  expect([(await next).value, (await items.next()).value]).toEqual([2, 3]);
  const last = items.next();
  stop.abort();
  expect(await last).toEqual({ value: undefined, done: true });
});

test('createEventQueue() drops the oldest of too many, and counts them', async () => {
  const stop = new AbortController();
  const queue = createEventQueue<number>(10);
  for (let i = 1; i <= 25; i++) queue.push(i);
  const got: number[] = [];
  for await (const item of queue.items(stop.signal)) {
    got.push(item);
    if (item === 25) stop.abort();
  }
  expect(got.length).toBeLessThanOrEqual(10);
  expect(got.at(-1)).toBe(25);
  expect(queue.takeLost() + got.length).toBe(25);
  expect(queue.takeLost()).toBe(0);
});

test('createEventQueue() has nothing for whoever is gone already', async () => {
  const queue = createEventQueue<number>(10);
  queue.push(1);
  expect(await queue.items(AbortSignal.abort()).next()).toEqual({ value: undefined, done: true });
});
