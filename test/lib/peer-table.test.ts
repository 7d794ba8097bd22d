import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeerTable } from '../../src/lib/peer-table.ts';

/** Few keys, so that they collide and come back. */
const address = fc.oneof(fc.nat(3), fc.constantFrom(0xffffffff, 0xc0a80001, 0xc0a80002));
const port = fc.oneof(fc.nat(5), fc.constant(0xffff));

test('PeerTable behaves as a Map does', () => {
  const step = fc.record({ action: fc.constantFrom('set', 'delete', 'get'), address, port, value: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new PeerTable<number>();
      const map = new Map<string, number>();
      for (const { action, address, port, value } of steps) {
        const key = `${address}:${port}`;
        if (action === 'set') {
          table.set(address, port, value);
          map.set(key, value);
        } else if (action === 'delete') {
          expect(table.delete(address, port)).toBe(map.delete(key));
        } else {
          expect(table.get(address, port)).toBe(map.get(key));
        }
        expect(table.size).toBe(map.size);
      }
      expect([...table.values()].sort()).toEqual([...map.values()].sort());
    }),
  );
});

test('PeerTable keeps thousands of clients with neighbouring addresses and ports', () => {
  const table = new PeerTable<number>();
  for (let i = 0; i < 20_000; i++) table.set(0x0a000000 + (i >>> 3), 1024 + (i & 7), i);
  for (let i = 0; i < 20_000; i += 2) table.delete(0x0a000000 + (i >>> 3), 1024 + (i & 7));
  expect(table.size).toBe(10_000);
  for (let i = 0; i < 20_000; i++) {
    expect(table.get(0x0a000000 + (i >>> 3), 1024 + (i & 7))).toBe(i % 2 ? i : undefined);
  }
});
