/**
 * What a ring of tests needs from the machine. A test that cannot run is skipped and says why; where nothing may be
 * skipped (`PXED_REQUIRE_ALL=1`, set by `.ci/run`) it fails with the same words instead.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';

/** Why the machine falls short, or undefined when it does not. */
export type Need = () => string | undefined;

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export const root: Need = () => (process.getuid?.() === 0 ? undefined : 'not root');

export const tun: Need = () => {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return '/dev/net/tun cannot be opened';
  }
};

/** A command that Debian's `debianPackage` installs. */
export function command(name: string, debianPackage: string): Need {
  const folders = [...(process.env.PATH ?? '').split(':'), ...FOLDERS];
  return () =>
    folders.some((folder) => existsSync(join(folder, name)))
      ? undefined
      : `no ${name} (Debian package ${debianPackage})`;
}

/** A file that Debian's `debianPackage` installs. */
export function file(path: string, debianPackage: string): Need {
  return () => (existsSync(path) ? undefined : `no ${path} (Debian package ${debianPackage})`);
}

/** Namespaces can be made: root alone is not enough in a container without CAP_SYS_ADMIN. */
export const namespaces: Need = () => {
  const missing = root() ?? command('ip', 'iproute2')();
  if (missing !== undefined) return missing;
  const probe = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  return probe.status === 0 ? undefined : `no network namespaces: ${probe.stderr.trim()}`;
};

/** The needs that are not met, in words; empty when the tests can run. */
export function unmet(needs: readonly Need[]): string[] {
  return needs.map((need) => need()).filter((why) => why !== undefined);
}

/**
 * A `describe` with needs: runs `body` when they are met, else one test in its place that is skipped, or fails when
 * nothing may be skipped.
 *
 *     ring('udhcpc', [namespaces, command('udhcpc', 'udhcpc')], () => { test(...) });
 */
export function ring(title: string, needs: readonly Need[], body: () => void): void {
  const missing = unmet(needs);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const why = `cannot run here: ${missing.join('; ')}`;
  test(`${title} (${why})`, ({ skip }) => {
    if (process.env.PXED_REQUIRE_ALL === '1') throw new Error(why);
    skip(why);
  });
}
