import { join, resolve } from 'node:path';
import { rescueLeases } from '../store/lease-rescue.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { EXIT } from './exit-codes.ts';
import { LEASE_FILE, usualStateFolder } from './lease-state.ts';

export type RescueIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  readonly now: () => Date;
};

/**
 * `pxectl rescue`: makes the lease store of a state folder usable again, and says in one line how. Resolves to the exit
 * code: 0 when there is a sound store now, 1 when it could not be done.
 */
export async function rescue(folder: string | undefined, io: RescueIo): Promise<number> {
  const path = join(resolve(folder ?? usualStateFolder()), LEASE_FILE);
  try {
    const result = await rescueLeases(path, io.now());
    if (result.kind === 'sound') {
      io.out.write(`${path}: nothing is wrong with it; ${result.leases} leases\n`);
      return EXIT.OK;
    }
    const { leases, machines, history, kept } = result;
    io.out.write(
      `${path}: saved ${leases} leases, ${machines} machines and ${history} past bindings; ` +
        `the damaged file is kept as ${kept}\n`,
    );
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error;
    io.err.write(`pxectl: Cannot rescue ${error.message}\n`);
    return EXIT.START;
  }
}
