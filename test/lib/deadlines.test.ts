import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/lib/deadlines.ts';

type Item = { at: number; queuedFor: number; deadline(): number };

function item(at: number): Item {
  const created: Item = { at, queuedFor: Infinity, deadline: () => created.at };
  return created;
}

test('due() gives each item once its deadline is reached, however it moved', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ start: fc.nat(100), moves: fc.array(fc.nat(200), { maxLength: 5 }) })),
      (plans) => {
        const deadlines = new Deadlines<Item>();
        const items = plans.map(({ start }) => item(start));
        for (const one of items) deadlines.schedule(one);
        plans.forEach(({ moves }, i) => {
          for (const at of moves) {
            items[i]!.at = at;
            deadlines.schedule(items[i]!);
          }
        });
        const seen: Item[] = [];
        for (let now = 0; now <= 200; now++) {
          expect(deadlines.next()).toBeGreaterThanOrEqual(now);
          for (let one = deadlines.due(now); one; one = deadlines.due(now)) {
            expect(one.at).toBe(now);
            seen.push(one);
          }
        }
        expect(new Set(seen).size).toBe(items.length);
        expect(seen.length).toBe(items.length);
        expect(deadlines.next()).toBe(Infinity);
      },
    ),
  );
});

test('schedule() with Infinity queues nothing', () => {
  const deadlines = new Deadlines<Item>();
  deadlines.schedule(item(Infinity));
  expect(deadlines.next()).toBe(Infinity);
  expect(deadlines.due(1e12)).toBeUndefined();
});
