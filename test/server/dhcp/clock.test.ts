import { expect, test } from 'vitest';
import { createClock } from '../../../src/server/dhcp/clock.ts';

test('createClock() starts at the wall clock, and follows none of its jumps', () => {
  let wall = 1_000_000;
  let ticks = 500;
  const clock = createClock(
    () => wall,
    () => ticks,
  );
  expect(clock.wall()).toBe(1_000_000);
  wall += 50 * 365 * 86_400_000; // a board without a battery learns the time
  ticks += 2000;
  expect(clock.wall()).toBe(1_002_000);
  wall = 0;
  ticks += 1000.5;
  expect(clock.wall()).toBe(1_003_000);
  expect(clock.ticks()).toBe(3500.5);
});

test('createClock() tells a jump of the system clock, and follows it when told to', () => {
  let wall = 1_000_000;
  const clock = createClock(
    () => wall,
    () => 0,
  );
  wall += 4000;
  expect(clock.setBy()).toBe(0);
  wall += 4000;
  expect(clock.setBy()).toBe(8000);
  expect(clock.wall()).toBe(1_000_000);
  clock.follow(8000);
  expect(clock.wall()).toBe(1_008_000);
  expect(clock.setBy()).toBe(0);
});
