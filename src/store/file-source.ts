import { open } from 'node:fs/promises';
import { FileNotFound, TftpError } from '../lib/tftp-error.ts';
import { errnoName } from './beneath.ts';
import { hashDescriptor } from './file-hash.ts';

/** What a file can be stored from. A piece must not be changed once it was given. */
export type FileSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const PIECE_BYTES = 256 * 1024;

/** In pieces that come one by one. */
export async function* piecesOf(source: FileSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}

/** A file of this machine, open for reading. */
export type LocalFile = {
  /** Unknown of what is no file: a pipe, a terminal. */
  readonly sizeBytes: number | undefined;
  octets(): AsyncIterable<Uint8Array>;
  /** SHA-256 of all of it; undefined of what can be read only once. */
  hash(signal?: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
};

/** Throws FileNotFound, TftpError `source`. */
export async function openLocal(path: string): Promise<LocalFile> {
  try {
    const handle = await open(path);
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      await handle.close();
      throw new TftpError(`Cannot read ${path}: it is a folder`, { reason: 'is-folder' });
    }
    const plain = stat.isFile();
    return {
      sizeBytes: plain ? stat.size : undefined,
      octets: () =>
        handle.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false, ...(plain && { start: 0 }) }),
      hash: async (signal) => (plain ? hashDescriptor(handle.fd, 'sha256', signal) : undefined),
      close: () => handle.close(),
    };
  } catch (cause) {
    if (cause instanceof TftpError) throw cause;
    const errno = errnoName(cause);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw new FileNotFound(`${path}: no such file`, { cause });
    throw new TftpError(`Cannot read ${path}: ${errno}`, { reason: 'source', cause });
  }
}
