import { latin1Encode } from '../../lib/bytes.ts';
import type { OpenBeneath } from '../files.ts';
import { Arena } from './arena.ts';
import { errnoName, lastErrno, syscall } from './ffi.ts';
import { O_CLOEXEC, OPEN_HOW, RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS, SYS_OPENAT2 } from './structs.ts';

const MAX_PATH = 4096;
const RETRIES = 16;

/**
 * openat2(2) with RESOLVE_BENEATH: the kernel itself refuses every step out of the root, `..`, absolute symlinks and
 * races included. undefined where the kernel has no openat2 (before Linux 5.6) or a sandbox forbids it.
 */
export function createOpenBeneath(): OpenBeneath | undefined {
  const arena = new Arena(OPEN_HOW + MAX_PATH + 64);
  const how = arena.take(OPEN_HOW);
  const name = arena.take(MAX_PATH);

  function open(rootFd: number, path: string, flags: number): number | string {
    const encoded = latin1Encode(path);
    if (encoded.length >= MAX_PATH) return 'ENAMETOOLONG';
    if (encoded.includes(0)) return 'ENOENT';
    arena.bytes.set(encoded, name);
    arena.bytes[name + encoded.length] = 0;
    arena.setLong(how, flags | O_CLOEXEC);
    arena.setLong(how + 8, 0);
    arena.setLong(how + 16, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      const fd = syscall(SYS_OPENAT2, rootFd, arena.pointer(name), arena.pointer(how), OPEN_HOW);
      if (fd >= 0) return fd;
      const errno = errnoName(lastErrno());
      // EAGAIN: something was renamed during a `..` step and the kernel could not be sure.
      if (errno !== 'EAGAIN' && errno !== 'EINTR') return errno;
    }
    return 'EAGAIN';
  }

  const probe = open(-1, 'x', 0);
  return probe === 'ENOSYS' || probe === 'EPERM' ? undefined : open;
}
