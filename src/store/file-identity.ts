import { type BigIntStats, fstatSync } from 'node:fs';
import type { BootFile } from './boot-file.ts';

/** See {@link BootFile.identity}. */
export function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

/** Is it what it was when it was opened? One that was cut, grew or was rewritten in place is not; nor one that cannot be asked. */
export function isUnchanged({ fd, identity }: Pick<BootFile, 'fd' | 'identity'>): boolean {
  try {
    return identityOf(fstatSync(fd, { bigint: true })) === identity;
  } catch {
    return false;
  }
}
