import { expect, test } from 'vitest';
import { createPace, createPaces } from '../../../src/server/tftp/pace.ts';

test('createPace() without a speed holds nothing back', () => {
  const pace = createPace(undefined);
  for (let i = 0; i < 100; i++) pace.spend(1e9, 5);
  expect(pace.readyAt(5)).toBe(5);
});

test('createPace() lets 256 kB go at once, and then what the link takes', () => {
  const pace = createPace(80); // 10,000 octets a millisecond
  pace.spend(256 * 1024 - 1, 0);
  expect(pace.readyAt(0)).toBe(0);
  pace.spend(50_001, 0);
  expect(pace.readyAt(0)).toBe(6);
  expect(pace.readyAt(6)).toBe(6);
});

test('createPace() over a second passes what the link carries in one', () => {
  const pace = createPace(1000);
  let spent = 0;
  for (let now = 0; now < 1000; now = Math.max(now, pace.readyAt(now))) {
    if (pace.readyAt(now) > now) continue;
    pace.spend(24_544, now);
    spent += 24_544;
  }
  expect(spent).toBeGreaterThan(120e6);
  expect(spent).toBeLessThan(126e6);
});

test('createPace() is overdrawn by a burst at most: what waits does not wait for ever', () => {
  const pace = createPace(80);
  for (let i = 0; i < 1000; i++) pace.spend(1_000_000, 0);
  expect(pace.readyAt(0)).toBeLessThanOrEqual(2 + (256 * 1024) / 10_000);
});

test('createPace() lets two milliseconds of a fast link go at once', () => {
  const pace = createPace(10_000);
  pace.spend(2 * 1_250_000 - 1, 0);
  expect(pace.readyAt(0)).toBe(0);
});

test('createPaces() lets no interface wait for another, and limits none that is not named', () => {
  const paces = createPaces({ eth0: 80, eth1: 800 });
  for (const name of ['eth0', 'eth1', 'eth2']) paces(name).spend(1_000_000, 0);
  expect(paces('eth0').readyAt(0)).toBeGreaterThan(20);
  expect(paces('eth1').readyAt(0)).toBeLessThan(10);
  expect([paces('eth2').readyAt(0), paces(undefined).readyAt(0)]).toEqual([0, 0]);
});

test('createPaces() of one number is one pace for all', () => {
  const paces = createPaces(80);
  paces('eth0').spend(1_000_000, 0);
  expect(paces('eth1')).toBe(paces(undefined));
  expect(paces('eth1').readyAt(0)).toBeGreaterThan(20);
});
