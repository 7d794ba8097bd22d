import type { Content, Outcome } from '../datagram.ts';
import { mmap, munmap } from './ffi.ts';
import { lastError } from './open.ts';
import { MAP_SHARED, PROT_READ } from './structs.ts';

/**
 * A file of the page cache, mapped: the kernel copies it into datagrams, JavaScript never touches it.
 *
 * A page behind the end of a file that was cut short under the mapping makes sendmmsg answer EFAULT; reading
 * it here would kill the process with SIGBUS, so nobody does. A page that is not in memory makes sendmmsg wait for the disk:
 * {@link PageCache} tells before.
 */
export class MappedContent implements Content {
  readonly address: number;
  readonly sizeBytes: number;

  constructor(address: number, sizeBytes: number) {
    this.address = address;
    this.sizeBytes = sizeBytes;
  }
}

/** Maps the whole file; the descriptor may be closed afterwards. */
export function mapFile(fd: number, sizeBytes: number): Outcome<MappedContent> {
  if (sizeBytes === 0) return { ok: true, value: new MappedContent(0, 0) };
  const address = mmap(0, sizeBytes, PROT_READ, MAP_SHARED, fd, 0);
  if (address === -1) return { ok: false, error: lastError('mmap') };
  return { ok: true, value: new MappedContent(address, sizeBytes) };
}

/** Gives the address range back; nothing queued may still point into it. */
export function unmapFile(content: Content): void {
  if (content instanceof MappedContent && content.sizeBytes > 0) munmap(content.address, content.sizeBytes);
}
