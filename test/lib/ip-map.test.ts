import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IpMap } from '../../src/lib/ip-map.ts';

test('IpMap does what a Map does', () => {
  const ip = fc.constantFrom(0, 1, 255, 256, 0x0a00_0001, 0xc0a8_00ff, 0xc0a8_0100, 0xffff_ffff);
  const step = fc.oneof(fc.record({ set: ip, value: fc.nat(5) }), fc.record({ delete: ip }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const model = new Map<number, number>();
      const map = new IpMap<number>();
      for (const one of steps) {
        if ('set' in one) {
          model.set(one.set, one.value);
          map.set(one.set, one.value);
          expect(map.get(one.set)).toBe(one.value);
        } else {
          model.delete(one.delete);
          map.delete(one.delete);
          expect(map.get(one.delete)).toBeUndefined();
        }
      }
      const byAddress = (a: readonly number[], b: readonly number[]) => a[0]! - b[0]!;
      expect([...map].toSorted(byAddress)).toEqual([...model].toSorted(byAddress));
      expect([...map.values()].toSorted()).toEqual([...model.values()].toSorted());
    }),
  );
});
