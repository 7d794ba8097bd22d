import { arch } from 'node:os';
import type { PageCache } from '../files.ts';
import { Arena } from './arena.ts';
import { addressOf, errnoName, lastErrno, posixFadvise, preadv2 } from './ffi.ts';
import * as s from './structs.ts';

const PAGE = 4096;
/** I/O vectors of one look: 1 MB of file. */
const VECTORS = 256;
const PREADV2 = arch() === 'x64' ? 327 : 286;

/**
 * mincore(2) would tell, but only a file's owner and those who may write it, and pxed is neither. preadv2(2) with
 * RWF_NOWAIT reads what is in memory and stops where it would wait for the disk; all its vectors point to the same page
 * of ours, so that a look at a megabyte copies it to where it does not leave the processor's cache.
 */
export function createPageCache(): PageCache {
  const arena = new Arena(VECTORS * s.IOVEC + s.IOVEC + PAGE);
  const vectors = arena.take(VECTORS * s.IOVEC);
  const single = arena.take(s.IOVEC);
  const page = arena.take(PAGE);
  for (let i = 0; i < VECTORS; i++) {
    arena.setLong(vectors + i * s.IOVEC, arena.pointer(page));
    arena.setLong(vectors + i * s.IOVEC + 8, PAGE);
  }

  function look(fd: number, offset: number, pages: number): number {
    return preadv2(PREADV2, fd, arena.pointer(vectors), pages, offset, 0, s.RWF_NOWAIT);
  }

  return {
    cachedFrom(fd, offset, length) {
      let seen = 0;
      while (seen < length) {
        const pages = Math.min(VECTORS, Math.ceil((length - seen) / PAGE));
        const count = look(fd, offset + seen, pages);
        if (count > 0) seen += count;
        else if (count < 0 && errnoName(lastErrno()) === 'EAGAIN') return seen;
        else return length; // a file system without such reads, or the end of a file that was cut short: no use to wait
      }
      return length;
    },
    read(fd, offset, into) {
      arena.setLong(single, addressOf(into.buffer) + into.byteOffset);
      arena.setLong(single + 8, into.length);
      return Math.max(0, preadv2(PREADV2, fd, arena.pointer(single), 1, offset, 0, s.RWF_NOWAIT));
    },
    readAhead(fd, offset, length) {
      posixFadvise(fd, offset, length, s.POSIX_FADV_WILLNEED);
    },
  };
}
