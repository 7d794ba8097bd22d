/**
 * Network namespaces of one test process, named `pxed-test-<pid>-<start time>-<n>-<role>`, so that leftovers of a
 * process that crashed can be told from those of one that runs, and swept.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { must, run } from './process.ts';

const PREFIX = 'pxed-test-';
const NETNS_FOLDER = '/run/netns';

/** Clock ticks since boot at which `pid` started (proc(5), field 22), or undefined when it is gone. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

const OWN = `${PREFIX}${process.pid}-${startTime(process.pid) ?? '0'}-`;

function listed(): string[] {
  try {
    return readdirSync(NETNS_FOLDER).filter((name) => name.startsWith(PREFIX));
  } catch {
    return []; // no namespace was ever named on this machine
  }
}

function isAbandoned(name: string): boolean {
  const [pid, started] = name.slice(PREFIX.length).split('-');
  return startTime(Number(pid)) !== started;
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}

const next = counter();

/** Makes a namespace with loopback up and IPv6 off (its router solicitations would only be noise). */
export async function createNamespace(role: string): Promise<string> {
  const name = `${OWN}${next()}-${role}`;
  await must(['ip', 'netns', 'add', name]);
  await must(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  // Not every kernel has IPv6; without it there is nothing to switch off.
  const off = 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > "$f"; done';
  await run(['sh', '-c', off], { netns: name });
  return name;
}

/** Kills what still runs in the namespace and deletes it. Its interfaces go with it. */
export function deleteNamespace(name: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout ?? '';
  for (const pid of pids.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
  spawnSync('ip', ['netns', 'del', name]);
}

/** Deletes the namespaces (and processes in them) of test processes that no longer exist. */
export function sweepAbandoned(): string[] {
  const abandoned = listed().filter(isAbandoned);
  for (const name of abandoned) deleteNamespace(name);
  return abandoned;
}

/** Deletes every namespace that this process made and did not delete. */
export function sweepOwn(): void {
  for (const name of listed().filter((candidate) => candidate.startsWith(OWN))) deleteNamespace(name);
}
