import { expect, test } from 'vitest';
import { createRecentEvents } from '../../src/events/recent.ts';

const event = { type: 'service.stopped', service: 'http' } as const;

test('createRecentEvents() keeps the last, by number', () => {
  const recent = createRecentEvents(3);
  expect([recent.last, recent.after(0)]).toEqual([0, []]);
  for (let at = 1; at <= 5; at++) recent.hear({ at, event });
  const of = (number: number) => recent.after(number).map((one) => [one.number, one.stamped.at]);
  expect(recent.last).toBe(5);
  expect(of(0)).toEqual([
    [3, 3],
    [4, 4],
    [5, 5],
  ]);
  expect(of(4)).toEqual([[5, 5]]);
  expect(of(5)).toEqual([]);
  expect(of(99)).toEqual([]);
});

test('createRecentEvents() tells each to whoever listens, until he does no more', () => {
  const recent = createRecentEvents();
  const heard: number[] = [];
  const end = recent.subscribe(({ number }) => void heard.push(number));
  recent.hear({ at: 1, event });
  recent.hear({ at: 2, event });
  end();
  recent.hear({ at: 3, event });
  expect(heard).toEqual([1, 2]);
});
