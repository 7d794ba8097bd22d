import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Lets one process at a time write a configuration: a file beside it that names its owner. Returns what gives the lock
 * up, or undefined while another living process has it. The lock of a process that was killed is taken away: owners are told
 * by process id and start time, since ids come again.
 *
 * It lasts for a rename, not for an editor: what two editors do to one another is found out by the text itself.
 */
export function lockConfig(path: string, owner: string = ownName()): (() => void) | undefined {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  const own = `${lock}-${process.pid}`;
  // Of one that was killed and had this id; and never through a link that somebody laid.
  rmSync(own, { force: true });
  writeFileSync(own, owner, { flag: 'wx', mode: 0o644 });
  try {
    for (let tries = 0; tries < 3; tries++) {
      if (linked(own, lock)) return () => giveUp(lock, owner);
      const holder = textOf(lock);
      if (holder === undefined) continue;
      if (isAlive(holder)) return undefined;
      takeAway(lock, holder);
    }
    return undefined;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Is `name`, beside the configuration, what a process that was killed on its way to the lock left there? */
export function isLeftLock(path: string, name: string): boolean {
  const prefix = `.${basename(path)}.lock-`;
  if (!name.startsWith(prefix)) return false;
  const pid = /^(\d+)(-dead)?$/.exec(name.slice(prefix.length))?.[1];
  return pid !== undefined && !isAlive(`${pid} 0`);
}

/** A hard link is made by one of all who try. */
function linked(own: string, lock: string): boolean {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return false;
    // Some file systems have no hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    return created(lock, readFileSync(own, 'latin1'));
  }
}

function created(lock: string, text: string): boolean {
  try {
    writeFileSync(lock, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** One of all who found it dead gets it; who got another's, made meanwhile, puts it back. */
function takeAway(lock: string, dead: string): void {
  const aside = `${lock}-${process.pid}-dead`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // another one was faster
  }
  if (textOf(aside) !== dead) linked(aside, lock);
  rmSync(aside, { force: true });
}

function giveUp(lock: string, owner: string): void {
  if (textOf(lock) === owner) rmSync(lock, { force: true });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** `812 45673`: process id and start time. */
function ownName(): string {
  return `${process.pid} ${startOf(process.pid) ?? 0}`;
}

function isAlive(owner: string): boolean {
  const [pid, start] = owner.split(' ').map(Number);
  if (pid === undefined || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, and another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const started = startOf(pid);
  return started === undefined || start === undefined || start === 0 || started === start;
}

/** In ticks since the system started (field 22 of proc_pid_stat(5)); the name before it may hold anything. */
function startOf(pid: number): number | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : Number(start);
}
