/**
 * The process of a bad cable: two TAP devices, each plugged into a segment; frames that come in at one go out at the
 * other, but some are dropped, some doubled, and some overtaken by the next. Stands in for tc-netem(8), which not
 * every kernel has, and unlike it makes the same choices for the same seed.
 *
 *     node lossy-link-process.ts <tap> <tap> <seed> <percent lost> <percent doubled> <percent held>
 */
import { openTap, type Tap } from '../../src/net/linux/tap.ts';

/** A held frame goes out after this when no other frame comes to overtake it. */
const HOLD_MS = 10;

/** mulberry32: a small generator with a 32-bit state; numbers in [0, 1). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of all frames, from 0 to 1. */
type Shares = { loss: number; doubling: number; holding: number };
type Counts = { passed: number; dropped: number; doubled: number; held: number };

async function forward(from: Tap, to: Tap, options: { seed: number; shares: Shares; counts: Counts }) {
  const { counts } = options;
  const { loss, doubling, holding } = options.shares;
  const random = createRandom(options.seed);
  let held: Uint8Array | undefined;
  function release(): void {
    if (held !== undefined) to.write(held);
    held = undefined;
  }
  for (;;) {
    if (!(await from.readable(held === undefined ? 60_000 : HOLD_MS))) release();
    for (let frame = from.read(); frame !== undefined; frame = from.read()) {
      const fate = random();
      counts.passed += 1;
      if (fate < loss) {
        counts.dropped += 1;
      } else if (fate < loss + doubling) {
        counts.doubled += 1;
        to.write(frame);
        to.write(frame);
      } else if (fate < loss + doubling + holding && held === undefined) {
        counts.held += 1;
        held = frame;
        continue;
      } else {
        to.write(frame);
      }
      release();
    }
  }
}

const [nearName = '', farName = '', seed = '1', ...percents] = process.argv.slice(2);
const near = openTap(nearName);
const far = openTap(farName);
const [loss = 0.05, doubling = loss, holding = loss] = percents.map((percent) => Number(percent) / 100);
const shares: Shares = { loss, doubling, holding };
const counts: Counts = { passed: 0, dropped: 0, doubled: 0, held: 0 };
process.on('SIGTERM', () => {
  console.log(JSON.stringify(counts));
  process.exit(0);
});
console.log('the link is up');
await Promise.all([
  forward(near, far, { seed: Number(seed), shares, counts }),
  forward(far, near, { seed: Number(seed) + 1, shares, counts }),
]);
