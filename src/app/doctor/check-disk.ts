import { resolve } from 'node:path';
import { formatBytes } from '../../lib/size.ts';
import { MEMORY, usualStateFolder } from '../lease-state.ts';
import { type Finding, good, problem, warning } from './finding.ts';
import type { Look } from './look.ts';
import type { Patient } from './patient.ts';

const MB = 1024 * 1024;
/** A lease file of 100,000 machines and its log. */
const LEAST_BYTES = 32 * MB;
const SCARCE_BYTES = 256 * MB;
const LEAST_FILES = 100;

/** Room where pxed writes: leases and histories, uploads. */
export function checkDisk({ config, root }: Patient, { space }: Pick<Look, 'space'>): Finding[] {
  const folders = [
    ...(config.state === MEMORY
      ? []
      : [
          {
            what: 'the state folder',
            path: config.state === undefined ? usualStateFolder() : resolve(config.state),
            fix: 'Free some, or name another folder: --state',
          },
        ]),
    ...(root === undefined || config.tftp.writes === 'off'
      ? []
      : [{ what: 'the boot root, where uploads go', path: root, fix: 'Free some' }]),
  ];
  const found = folders.flatMap(({ what, path, fix }) => {
    const there = space(path);
    if (!there) return [];
    const { freeBytes, totalBytes, freeFiles } = there;
    const left = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)}`;
    if (freeBytes < LEAST_BYTES) return [problem('disk-full', `${what} (${path}) has ${left} left`, fix)];
    if (freeFiles !== undefined && freeFiles < LEAST_FILES) {
      return [problem('disk-full', `${what} (${path}) has room for ${freeFiles} more files (inodes)`, fix)];
    }
    if (freeBytes < SCARCE_BYTES) return [warning('disk-scarce', `${what} (${path}) has ${left} left`, fix)];
    return [];
  });
  if (found.length > 0) return found;
  return folders.flatMap(({ what, path }) => {
    const there = space(path);
    return there ? [good('disk', `${what} (${path}) has ${formatBytes(there.freeBytes)} left`)] : [];
  });
}
