import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const FLAGS = JSON.stringify(join(import.meta.dirname, '../../src/cli/engine-flags.ts'));

/** How large the young heap of a new process is, in bytes, after it made much that stays for a while. */
function youngBytes(keepsLeases: boolean): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { setEngineFlags } from ${FLAGS};
    setEngineFlags({ keepsLeases: ${keepsLeases} });
    const kept = [];
    for (let i = 0; i < 200_000; i++) kept.push({ i, list: [i] });
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
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
