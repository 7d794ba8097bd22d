import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPacketRing } from '../../../src/server/capture/packet-ring.ts';

const LIMITS = { machineBytes: 2000, totalBytes: 12_000 };

function packet(at: number, length = 100) {
  return { at, bytes: new Uint8Array(length), wireLength: length };
}

test('createPacketRing() keeps the last packets of each machine, oldest first', () => {
  const ring = createPacketRing(LIMITS);
  for (let at = 0; at < 20; at++) ring.put('a', packet(at), false);
  ring.put('b', packet(100), false);
  expect(ring.of('a').map(({ at }) => at)).toEqual([14, 15, 16, 17, 18, 19]);
  expect(ring.of('b').map(({ at }) => at)).toEqual([100]);
  expect(ring.of('c')).toEqual([]);
  expect(ring.machines()[0]).toBe('b');
});

test('createPacketRing() keeps a packet that is larger than a machine may have alone', () => {
  const ring = createPacketRing(LIMITS);
  ring.put('a', packet(1), false);
  ring.put('a', packet(2, 3000), false);
  expect(ring.of('a').map(({ at }) => at)).toEqual([2]);
});

test('createPacketRing() lets made-up machines push out one another, not those that boot', () => {
  const ring = createPacketRing(LIMITS);
  ring.put('boots', packet(1), false);
  ring.put('boots', packet(2), true);
  for (let n = 0; n < 1000; n++) ring.put(`made-up-${n}`, packet(n), false);
  expect(ring.of('boots')).toHaveLength(2);
  expect(ring.of('made-up-0')).toEqual([]);
  expect(ring.of('made-up-999')).toHaveLength(1);
  expect(ring.bytes).toBeLessThanOrEqual(LIMITS.totalBytes);
});

test('createPacketRing() forgets the machine that was silent for the longest when all of them boot', () => {
  const ring = createPacketRing(LIMITS);
  for (let n = 0; n < 20; n++) ring.put(`m${n}`, packet(n), true);
  ring.put('m19', packet(20), false);
  expect(ring.machines()[0]).toBe('m19');
  expect(ring.of('m19')).toHaveLength(2);
  for (let n = 0; n < 40; n++) ring.put(`n${n}`, packet(n), true);
  expect(ring.of('m0')).toEqual([]);
});

test('createPacketRing() has room for a machine that asks by DHCP alone, however many boot', () => {
  const ring = createPacketRing(LIMITS);
  for (let n = 0; n < 100; n++) ring.put(`m${n}`, packet(n), true);
  for (let at = 0; at < 5; at++) ring.put('asks', packet(at), false);
  for (let n = 0; n < 100; n++) ring.put(`m${n}`, packet(n), true);
  expect(ring.of('asks')).toHaveLength(5);
});

test('createPacketRing() stays within its bounds, and counts what it keeps', () => {
  const puts = fc.array(fc.record({ machine: fc.nat(12), length: fc.nat(1500), boots: fc.boolean() }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(puts, (all) => {
      const ring = createPacketRing(LIMITS);
      for (const [at, { machine, length, boots }] of all.entries()) {
        ring.put(String(machine), packet(at, length), boots);
        expect(ring.bytes).toBeLessThanOrEqual(LIMITS.totalBytes);
        expect(ring.of(String(machine)).at(-1)?.at).toBe(at);
      }
      const kept = ring.machines().flatMap((machine) => ring.of(machine));
      expect(ring.bytes).toBe(kept.reduce((sum, { bytes }) => sum + bytes.length + 200, 0));
      ring.clear();
      expect([ring.bytes, ring.machines()]).toEqual([0, []]);
    }),
    { numRuns: 200 },
  );
});
