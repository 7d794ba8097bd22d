/**
 * A network of our own, in which port 67 is free and nobody else is booted by accident.
 *
 * Root unshares in this very process. Everybody else needs to be root of a user namespace first, which only a process
 * without threads may enter: the program starts itself again below util-linux's (or busybox's) `unshare`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { enterNewNetwork } from '../net/linux/namespace.ts';
import { findProgram } from './parts.ts';

/** Short options: util-linux and busybox know them. New user, mapped to root, and network namespaces. */
const UNSHARE = ['-U', '-r', '-n'] as const;

/** Set for the copy of this program that runs inside. */
const INSIDE = 'PXED_DEMO_INSIDE';

export type Entered =
  /** This process is inside; `mapped`: as root of a user namespace, where other users do not exist. */
  | { readonly kind: 'inside'; readonly mapped: boolean }
  /** A copy of this process ran inside to its end. */
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'refused'; readonly lines: readonly string[] };

/** Call it first of all: only files opened and processes started after it are inside. */
export async function enterPrivateNetwork(argv: readonly string[]): Promise<Entered> {
  if (process.env[INSIDE] === '1') return { kind: 'inside', mapped: true };
  if (process.getuid?.() === 0 && enterNewNetwork() === undefined) return { kind: 'inside', mapped: false };
  const unshare = findProgram('unshare');
  if (unshare === undefined) return { kind: 'refused', lines: NO_UNSHARE };
  const probe = spawnSync(unshare, [...UNSHARE, 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) return { kind: 'refused', lines: explain(probe.stderr.trim(), readSetting) };
  return { kind: 'done', exitCode: await runInside(unshare, argv) };
}

const NO_UNSHARE = [
  'Cannot make a private network: the program unshare is missing.',
  'It is in the package util-linux; or run the demo as root: sudo npm run demo',
];

function runInside(unshare: string, argv: readonly string[]): Promise<number> {
  const child = spawn(unshare, [...UNSHARE, process.execPath, ...process.execArgv, ...argv], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  // Ctrl-C reaches the copy by itself (one terminal group); kill(1) names this process only. The copy cleans up.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

/** Switches that forbid user namespaces, and who has them. */
const SWITCHES = [
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns', // Ubuntu 24.04 and later
    forbids: '1',
    allow: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone', // Debian before 11, hardened kernels
    forbids: '0',
    allow: 'sudo sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    file: '/proc/sys/user/max_user_namespaces', // RHEL 7, hardened hosts
    forbids: '0',
    allow: 'sudo sysctl user.max_user_namespaces=15000',
  },
] as const;

/** What to tell who may not make namespaces; `setting` reads a file of /proc/sys or gives undefined. */
export function explain(reason: string, setting: (file: string) => string | undefined): string[] {
  const closed = SWITCHES.filter(({ file, forbids }) => setting(file) === forbids);
  return [
    `Cannot make a private network: ${reason || 'this system forbids user namespaces'}`,
    'Either run the demo as root:   sudo npm run demo',
    ...closed.map(({ allow }) => `or let users have namespaces: ${allow}`),
    ...(closed.length === 0
      ? ['In a container, give it CAP_SYS_ADMIN (docker run --privileged) or run outside of it.']
      : []),
  ];
}

function readSetting(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
