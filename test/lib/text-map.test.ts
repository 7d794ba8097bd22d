import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextMap } from '../../src/lib/text-map.ts';

describe('TextMap', () => {
  test('does what a Map does', () => {
    const key = fc.constantFrom(
      '',
      'a',
      'b',
      'ab',
      '10.0.0.0/8 hw 1 02:00:00:00:00:01',
      '10.0.0.0/8 hw 1 02:00:00:00:00:02',
    );
    const step = fc.oneof(
      fc.record({ set: key, value: fc.nat(5) }),
      fc.record({ get: key }),
      fc.record({ delete: key }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const model = new Map<string, number>();
        const map = new TextMap<number>();
        for (const one of steps) {
          if ('set' in one) {
            model.set(one.set, one.value);
            map.set(one.set, one.value);
          } else if ('get' in one) expect(map.get(one.get)).toBe(model.get(one.get));
          else {
            model.delete(one.delete);
            map.delete(one.delete);
          }
          expect(map.size).toBe(model.size);
        }
      }),
    );
  });

  test('keeps texts apart that share a hash', () => {
    const map = new TextMap<number>(() => 7);
    for (let i = 0; i < 5; i++) map.set(`key ${i}`, i);
    map.delete('key 4'); // first of the chain
    map.delete('key 1');
    map.delete('key 0'); // last
    map.delete('key 9'); // none
    map.set('key 2', 22);
    expect([0, 1, 2, 3, 4].map((i) => map.get(`key ${i}`))).toEqual([undefined, undefined, 22, 3, undefined]);
    expect(map.size).toBe(2);
    map.delete('key 2');
    map.delete('key 3');
    expect(map.size).toBe(0);
    expect(map.get('key 3')).toBeUndefined();
  });

  test('finds a hundred thousand keys again', () => {
    const map = new TextMap<number>();
    for (let i = 0; i < 100_000; i++) map.set(`key ${i}`, i);
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) if (map.get(`key ${i}`) !== i) wrong++;
    expect(wrong).toBe(0);
    expect(map.get('key 100000')).toBeUndefined();
  });
});
