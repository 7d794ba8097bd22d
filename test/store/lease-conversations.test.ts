import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSqliteLeases } from '../../src/store/lease-sqlite.ts';
import { play } from '../dhcp/fuzz-play.ts';
import { flags } from '../dhcp/fuzz-settings.ts';
import { conversation } from '../dhcp/fuzz-steps.ts';
import { leaseFiles } from './lease-rig.ts';

/** The conversations of test/dhcp with leases in a file, which each restart reads anew. */

const RUNS = Number(process.env.PXED_FUZZ_RUNS ?? 40);

const path = leaseFiles();

test('no conversation loses a lease from its file, or doubles one', async () => {
  await fc.assert(
    fc.asyncProperty(flags, conversation, async (on, steps) => {
      const file = path();
      const played = await play(on, steps, async ({ now }) => {
        const leases = createSqliteLeases(file, {
          moment: () => ({ wall: now(), uptime: now(), boot: 'one' }),
        });
        await leases.load();
        return leases;
      });
      expect(played.faults).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
