/**
 * The boot root of an ARM machine: Debian's arm64 kernel and an initrd of BusyBox that says `PXED-BOOTED`, as that of
 * boot-root.ts does. Their packages are another architecture's and not installed; `.ci/arm64` unpacks them.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BootRoot, createEmptyRoot, makeInitrd } from './boot-root.ts';
import { command, type Need } from './requirement.ts';

const FOLDER = '/var/cache/pxed-test/arm64';
const KERNEL = join(FOLDER, 'vmlinuz');
const BUSYBOX = join(FOLDER, 'busybox');

export const arm64Linux: Need = () =>
  existsSync(KERNEL) && existsSync(BUSYBOX)
    ? command('cpio', 'cpio')()
    : `no Linux for arm64 in ${FOLDER} (.ci/arm64 fetches it)`;

/** A tree with `arm64/vmlinuz` and `arm64/initrd.gz`. */
export async function createArm64BootRoot(): Promise<BootRoot> {
  const boot = await createEmptyRoot();
  await mkdir(join(boot.path, 'arm64'));
  await boot.add('arm64/vmlinuz', KERNEL);
  await makeInitrd(join(boot.path, 'arm64/initrd.gz'), { busybox: BUSYBOX, serial: 'ttyAMA0' });
  return boot;
}
