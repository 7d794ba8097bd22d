import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const FLAGS = JSON.stringify(join(import.meta.dirname, '../../src/cli/engine-flags.ts'));

/**
 * How large the young heap of a new process stays, in bytes, while it makes much that stays for a while: the least of some
 * moments, as V8 gives it more now and then until its next collection.
 */
function youngBytes(keepsLeases: boolean): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { setEngineFlags } from ${FLAGS};
    setEngineFlags({ keepsLeases: ${keepsLeases} });
    const kept = [];
    let least = Infinity;
    for (let i = 0; i < 200_000; i++) {
      kept.push({ i, list: [i] });
      if (i < 100_000 || i % 10_000 !== 0) continue;
      least = Math.min(least, getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
    }
    console.log(least);
  `;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
}

describe('setEngineFlags()', () => {
  test.each([
    [false, 2 * 1024 * 1024],
    [true, 4 * 1024 * 1024],
  ])('bounds the young heap (leases: %s)', (keepsLeases, most) => {
    const bytes = youngBytes(keepsLeases);
    expect(bytes).toBeGreaterThan(keepsLeases ? most / 2 : 0);
    expect(bytes).toBeLessThanOrEqual(most);
  });
});
