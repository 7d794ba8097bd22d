import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClientScenario, simulateGet, simulatePut } from './client-rig.ts';
import { createRandom } from './clock.ts';
import { CALM, STORMY } from './link.ts';

function fileOf(sizeBytes: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: sizeBytes }, () => Math.floor(random() * 256));
}

const WAYS = [
  { way: 'get', simulate: simulateGet },
  { way: 'put', simulate: simulatePut },
] as const;

describe.each(WAYS)('our client’s $way against our server', { timeout: 60_000 }, ({ simulate }) => {
  test.each([1, 4, 16, 64])(
    'arrives at its ends and in between, window %i, nothing sent twice',
    (windowsize) => {
      for (const sizeBytes of [0, 1, 15, 16, 17, 16 * windowsize, 16 * windowsize + 1, 5000]) {
        const file = fileOf(sizeBytes, 3);
        const run = simulate({ file, blksize: 16, windowsize, weather: CALM });
        expect(run.outcome).toEqual({ ok: true });
        expect(Buffer.compare(run.octets, file)).toBe(0);
        expect(run.retransmissions).toBe(0);
        expect(run.server?.outcome()).toEqual({ kind: 'done' });
        expect(run.server?.stats().retransmissions).toBe(0);
      }
    },
  );

  test.each([1, 4, 16, 64])(
    'loses nothing where 5 %% are dropped, doubled and overtaken, window %i',
    (windowsize) => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.integer({ min: 0, max: 4000 }),
          fc.boolean(),
          (seed, sizeBytes, rfc1350) => {
            const file = fileOf(sizeBytes, seed);
            const run = simulate({
              file,
              blksize: rfc1350 ? 512 : 16,
              windowsize,
              weather: STORMY,
              seed,
              rfc1350,
            });
            expect(run.outcome).toEqual({ ok: true });
            expect(Buffer.compare(run.octets, file)).toBe(0);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  test.each([
    [1, 0],
    [1, 1],
    [8, 0],
    [8, 1],
  ] as const)('goes on past 65,535 blocks: window %i, the server wraps to %i', (windowsize, rollover) => {
    const file = fileOf(66_000 * 8 + 5, 5);
    const scenario: ClientScenario = { file, blksize: 8, windowsize, rollover, weather: CALM };
    const run = simulate(scenario);
    expect(run.outcome).toEqual({ ok: true });
    expect(Buffer.compare(run.octets, file)).toBe(0);
  });

  test.each([1, 4, 16, 64])(
    'of 700 blocks through that link is not held up by timers, window %i',
    (windowsize) => {
      const took = Array.from({ length: 10 }, (_, seed) => {
        const file = fileOf(700 * 16, seed);
        return simulate({ file, blksize: 16, windowsize, weather: STORMY, seed }).tookMs;
      }).sort((a, b) => a - b);
      expect(took[5]).toBeLessThan(8000);
    },
  );

  test('does not breed packets when frames are doubled and the copies come late', () => {
    const weather = { loss: 0, doubling: 0.2, reorder: 0.3, delayMs: 1 };
    for (const windowsize of [1, 8]) {
      for (let seed = 0; seed < 3; seed++) {
        const file = fileOf(700 * 16, seed);
        const run = simulate({ file, blksize: 16, windowsize, weather, seed });
        expect(run.outcome).toEqual({ ok: true });
        const most = windowsize === 1 ? 2 : 1 + windowsize / 2;
        expect(run.sent).toBeLessThan(701 * most);
        expect(run.carried).toBeLessThan(701 * 1.3 * most);
      }
    }
  });
});
