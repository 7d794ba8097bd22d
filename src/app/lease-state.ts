import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { BootEvent } from '../events/event.ts';
import { createMemoryLeases } from '../store/lease-memory.ts';
import { createSqliteLeases } from '../store/lease-sqlite.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { lockOwner } from '../store/lock-owner.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { whoAmI } from './check-access.ts';
import type { RunAs } from './run-as.ts';
import { StartProblem } from './start-problem.ts';

/** The name that means that leases are kept nowhere. */
export const MEMORY = 'memory';

/** The files in a state folder: leases, what machines have got through, and what they did. */
export const LEASE_FILE = 'leases.db';
export const PROGRESS_FILE = 'boot.db';
export const TIMELINE_FILE = 'timeline.db';
/** Captures of boots that failed. */
export const CAPTURE_FOLDER = 'captures';

/** Where root's services keep what outlasts them (FHS 5.8). */
const SYSTEM_FOLDER = '/var/lib/pxed';

/** A store that is loaded, with what the banner and the log say of it. */
export type LeaseState = {
  readonly leases: LeaseStore;
  readonly detail: string;
  /** By how many ms the wall clock was set while pxed did not run. */
  readonly movedByMs: number;
};

/**
 * Makes the folder for leases, of the user pxed becomes; call it while still root. Undefined: they are kept in memory.
 *
 * Not named, it is /var/lib/pxed for root and below $XDG_STATE_HOME or ~/.local/state for others, and for a root
 * that may not write to /var. A folder of root's is handed to the user with the lease files in it; one of somebody else's
 * is left as it is. Throws StartProblem.
 */
export function prepareState({ state }: Pick<Config, 'state'>, runAs: RunAs | undefined): string | undefined {
  if (state === MEMORY) return undefined;
  if (state !== undefined) return makeFolder(resolve(state), runAs);
  if (process.getuid?.() !== 0) return makeFolder(ownFolder(), runAs);
  try {
    return makeFolder(SYSTEM_FOLDER, runAs);
  } catch {
    return makeFolder(ownFolder(), runAs);
  }
}

/** The folder that is used when none is named, for who asks. */
export function usualStateFolder(): string {
  return process.getuid?.() === 0 ? SYSTEM_FOLDER : ownFolder();
}

/** That folder, if there are leases in it. */
export function storedLeasesFolder(): string | undefined {
  const folder = usualStateFolder();
  return existsSync(join(folder, LEASE_FILE)) ? folder : undefined;
}

function ownFolder(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.local/state'), 'pxed');
}

function makeFolder(path: string, runAs: RunAs | undefined): string {
  try {
    makePath(path, 0o750);
    if (runAs && runAs.uid !== 0) handOver(path, runAs);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new StartProblem(`Cannot keep leases in ${path}: ${REASONS[code] ?? code}`, OTHER_FOLDER, {
      cause,
    });
  }
  return path;
}

/** The folders above it stay open to others. Step by step: with `recursive`, Node 26 never comes back from a place where nothing can be made, /proc for one. */
function makePath(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makePath(dirname(path), 0o755);
  mkdirSync(path, { mode });
}

/** Why a folder cannot be made, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EROFS: 'read-only file system',
  EEXIST: 'a file is in the way',
  ENOTDIR: 'a part of that path is a file',
  ENOENT: 'nothing can be made there',
  ENOSPC: 'the disk is full',
};

const OTHER_FOLDER = 'Name a folder that can be written to with --state, or keep no leases: --state memory';

/**
 * Only a folder of root's that holds our files or nothing: somebody may name /etc. And no links of either kind: what a user
 * put there while the folder was its own must not give it a file of root's.
 */
function handOver(path: string, { uid, gid }: RunAs): void {
  const stores = [LEASE_FILE, PROGRESS_FILE, TIMELINE_FILE];
  const isOurs = (name: string) => stores.some((file) => name.startsWith(file)) || name === CAPTURE_FOLDER;
  if (statSync(path).uid !== 0 || !readdirSync(path).every(isOurs)) return;
  for (const name of stores.flatMap((file) => [file, `${file}-wal`])) {
    const file = join(path, name);
    const facts = lstatSync(file, { throwIfNoEntry: false });
    if (facts?.isFile() && facts.nlink === 1) lchownSync(file, uid, gid);
  }
  chownSync(path, uid, gid);
}

/** Opens the store of a folder from {@link prepareState}, as the user pxed is now. Throws StartProblem. */
export async function openLeases(folder: string | undefined): Promise<LeaseState> {
  if (folder === undefined) {
    return { leases: createMemoryLeases(), detail: 'in memory: a restart forgets them', movedByMs: 0 };
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw outOfReach(folder, cause);
  }
  const leases = createSqliteLeases(join(folder, LEASE_FILE));
  try {
    await leases.load();
  } catch (error) {
    throw error instanceof StoreProblem ? startProblemOf(error, folder) : error;
  }
  const count = [...leases.all()].length;
  return { leases, detail: `${count} in ${join(folder, LEASE_FILE)}`, movedByMs: leases.movedByMs };
}

function outOfReach(folder: string, cause: unknown): StartProblem {
  const who = whoAmI();
  const start = `Cannot keep leases in ${folder}: ${who}, whom pxed became, `;
  try {
    statSync(folder);
  } catch {
    const fix = 'Open the folders above it (chmod a+x), or choose another: --state';
    return new StartProblem(`${start}cannot reach it`, fix, { cause });
  }
  const fix = `Give it away (chown -R ${who} ${folder}), or choose another folder: --state`;
  return new StartProblem(`${start}may not write there`, fix, { cause });
}

function startProblemOf(problem: StoreProblem, folder: string): StartProblem {
  const { fault, path, message } = problem;
  const say = (text: string, fix: string) => new StartProblem(text, fix, { cause: problem });
  switch (fault) {
    case 'locked': {
      const owner = lockOwner(path);
      return say(
        `Cannot use the leases in ${path}: in use by ${owner ?? 'another process'}`,
        'Stop it, or give this one a folder of its own: --state',
      );
    }
    case 'damaged':
      return say(
        `Cannot read the leases: ${message}`,
        `Save what can be saved: pxectl rescue ${folder} (it keeps the damaged file)`,
      );
    case 'newer':
      return say(
        `Cannot read the leases: ${message}`,
        'Start the newer pxed, or name another folder: --state',
      );
    case 'foreign':
      return say(
        `Cannot read the leases: ${message}`,
        'Move that file away, or name another folder: --state',
      );
    case 'unusable':
      return say(`Cannot keep leases: ${message}`, OTHER_FOLDER);
  }
}

/** What is to be said when the clock was set while pxed did not run. */
export function clockWarning(ms: number): BootEvent {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const how = `${ms > 0 ? 'forward' : 'back'} by ${minutes > 0 ? `${minutes} minutes` : `${Math.abs(ms) / 1000} s`}`;
  const detail = `the system's clock was set ${how} while pxed did not run; all leases were moved with it`;
  return { type: 'service.warning', service: 'leases', problem: 'clock-set', detail };
}
