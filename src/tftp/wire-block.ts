import type { Rollover } from './session.ts';

/** The most blocks a transfer has without starting over. */
export const LAST_WIRE_BLOCK = 65_535;

/**
 * The 16 bits that stand for block `absolute` (0 is before the first). After 65,535 come 0, 1, … with `rollover` 0,
 * and 1, 2, … with 1.
 */
export function wireBlock(absolute: number, rollover: Rollover): number {
  if (rollover !== 1 || absolute === 0) return absolute % 65_536;
  return ((absolute - 1) % LAST_WIRE_BLOCK) + 1;
}

/**
 * How many blocks past `absolute` the number `block16` lies, if it lies ahead: 0 is `absolute` itself, and a number of
 * the past comes out as nearly 65,536. Infinity for one that never stands on the wire.
 */
export function blocksAhead(absolute: number, block16: number, rollover: Rollover): number {
  if (rollover !== 1) return (block16 - absolute) & 0xffff;
  if (absolute === 0) return block16;
  if (block16 === 0) return Number.POSITIVE_INFINITY;
  const ahead = block16 - wireBlock(absolute, 1);
  return ahead < 0 ? ahead + LAST_WIRE_BLOCK : ahead;
}
