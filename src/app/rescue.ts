import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { plural } from '../lib/plural.ts';
import { rescueProgress } from '../store/boot-rescue.ts';
import { rescueLeases } from '../store/lease-rescue.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { EXIT } from './exit-codes.ts';
import { LEASE_FILE, PROGRESS_FILE, usualStateFolder } from './lease-state.ts';

export type RescueIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  readonly now: () => Date;
};

/**
 * `pxectl rescue`: makes the stores of a state folder usable again, and says in a line each how. Resolves to the exit
 * code: 0 when they are sound now, 1 when it could not be done.
 */
export async function rescue(folder: string | undefined, io: RescueIo): Promise<number> {
  const place = resolve(folder ?? usualStateFolder());
  const leases = await attempt(io, () => leasesOf(join(place, LEASE_FILE), io.now()));
  const progress = join(place, PROGRESS_FILE);
  // Where no profile was ever offered once there is none.
  if (!existsSync(progress) && !existsSync(`${progress}-wal`)) return leases;
  const machines = await attempt(io, () => progressOf(progress, io.now()));
  return Math.max(leases, machines);
}

async function attempt({ out, err }: RescueIo, step: () => Promise<string>): Promise<number> {
  try {
    out.write(`${await step()}\n`);
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error;
    err.write(`pxectl: Cannot rescue ${error.message}\n`);
    return EXIT.START;
  }
}

async function leasesOf(path: string, now: Date): Promise<string> {
  const result = await rescueLeases(path, now);
  if (result.kind === 'sound') return `${path}: nothing is wrong with it; ${plural(result.leases, 'lease')}`;
  const { leases, machines, history, kept } = result;
  const saved = `saved ${plural(leases, 'lease')}, ${plural(machines, 'machine')} and ${plural(history, 'past binding')}`;
  return `${path}: ${saved}; the damaged file is kept as ${kept}`;
}

async function progressOf(path: string, now: Date): Promise<string> {
  const result = rescueProgress(path, now);
  if (result.kind === 'sound')
    return `${path}: nothing is wrong with it; ${plural(result.machines, 'machine')}`;
  const saved = `saved the boot progress of ${plural(result.machines, 'machine')}`;
  return `${path}: ${saved}; the damaged file is kept as ${result.kept}`;
}
