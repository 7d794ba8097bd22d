import { accessSync, constants, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { BootEvent } from '../events/event.ts';
import { StartProblem } from './start-problem.ts';

/** Throws StartProblem when the root itself is out of this user's reach: then nothing at all can be served. */
export function checkReachable(root: string): void {
  try {
    accessSync(root, constants.R_OK | constants.X_OK);
  } catch (cause) {
    throw new StartProblem(
      `Cannot serve ${root}: ${whoAmI()}, whom pxed became, cannot reach it`,
      `Move it out of closed folders, open them (chmod a+x), or choose another --user`,
      { cause },
    );
  }
}

/** What will go wrong in the root for the user pxed runs as now. Asked after root was given up. */
export function rootWarnings(root: string, writes: 'off' | 'create' | 'overwrite'): BootEvent[] {
  const warnings: BootEvent[] = [];
  const warn = (problem: string, detail: string) => {
    warnings.push({ type: 'service.warning', service: 'tftp', problem, detail });
  };
  const unreadable = findUnreadable(root);
  if (unreadable.length > 0) {
    const list = unreadable.join(', ');
    warn('unreadable', `${whoAmI()} cannot read ${list} in ${root}; let everybody: chmod -R a+rX ${root}`);
  }
  if (writes !== 'off' && !isAllowed(root, constants.W_OK)) {
    warn('unwritable', `uploads are allowed, but ${whoAmI()} cannot write to ${root}; chown or chmod it`);
  }
  return warnings;
}

/** The name of the user this process is. */
export function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** Entries below the root looked at; a larger tree is not walked to its end. */
const LOOK_MOST = 20_000;

/**
 * Files and folders below `root` that this process (after it gave up root) cannot read, at most `most` of them,
 * relative to it. Symbolic links that lead nowhere are not counted.
 */
export function findUnreadable(root: string, most = 10): string[] {
  const found: string[] = [];
  const waiting = [''];
  for (let looked = 0; waiting.length > 0 && looked < LOOK_MOST && found.length < most; ) {
    const folder = waiting.pop()!;
    for (const entry of entries(join(root, folder))) {
      if (++looked > LOOK_MOST || found.length >= most) break;
      const path = join(folder, entry.name);
      if (!isReadable(join(root, path), entry.isDirectory())) found.push(path);
      else if (entry.isDirectory()) waiting.push(path);
    }
  }
  return found;
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isReadable(path: string, folder: boolean): boolean {
  return isAllowed(path, folder ? constants.R_OK | constants.X_OK : constants.R_OK);
}

export function mayWrite(folder: string): boolean {
  return isAllowed(folder, constants.W_OK);
}

/** Other errors than refusal, a dangling link for one, are not about permission. */
function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code !== 'EACCES';
  }
}
