import { createHash } from 'node:crypto';
import { read } from 'node:fs';
import { promisify } from 'node:util';

export type HashAlgorithm = 'sha256' | 'md5';

const readAt = promisify(read);
/** Hashed at once: half a millisecond, for the same thread may be answering DHCP. */
const PIECE_BYTES = 256 * 1024;

/** Hash of an open file, from its first octet, as lower-case hex. The descriptor stays the caller's. Throws what node:fs throws. */
export async function hashDescriptor(
  fd: number,
  algorithm: HashAlgorithm,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await readAt(fd, piece, 0, PIECE_BYTES, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}
