import { read } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PageCache } from '../../net/files.ts';
import { errnoName } from '../../store/beneath.ts';
import type { BootFile } from '../../store/boot-file.ts';
import { isUnchanged } from '../../store/file-identity.ts';
import type { Chunk, Chunks } from './chunks.ts';

/** Octets of an open file; the descriptor stays the caller's. */
export type Part = Pick<BootFile, 'fd' | 'identity'> & { readonly first: number; readonly length: number };

/**
 * `bytes` were handed to the system. `cut-short`: the file ended before it should have. `changed`: it was rewritten meanwhile.
 * `gone`: the connection ended.
 */
export type Sent = {
  readonly bytes: number;
  readonly failure?: 'cut-short' | 'changed' | 'read-error' | 'gone';
  readonly detail?: string;
};

export type SendIo = {
  readonly chunks: Chunks;
  /** Where the system has it: octets that are in memory need no thread. */
  readonly pageCache?: PageCache | undefined;
};

/**
 * Sends a part of a file behind headers that were written, and leaves the response open.
 *
 * A read loop instead of a stream: buffers are used again, and nothing is read that the client has not made room for. What is in
 * memory is copied on the spot; what would have to wait for a disk is read by libuv's pool.
 */
export async function sendFile(response: ServerResponse, part: Part, io: SendIo): Promise<Sent> {
  const lease = io.chunks.open(part.length);
  let bytes = 0;
  try {
    while (bytes < part.length) {
      const chunk = lease.take();
      const into = chunk.subarray(0, Math.min(chunk.length, part.length - bytes));
      const offset = part.first + bytes;
      const cached = io.pageCache?.read?.(part.fd, offset, into) ?? 0;
      const { count, errno } = cached > 0 ? { count: cached } : await readFrom(part.fd, offset, into);
      if (errno !== undefined) return { bytes, failure: 'read-error', detail: errno };
      if (count === 0) return { bytes, failure: 'cut-short' };
      // Before the last octets leave: with them the client would take a mixture for the file.
      if (bytes + count === part.length && !isUnchanged(part)) return { bytes, failure: 'changed' };
      if (!(await write(response, into.subarray(0, count)))) return { bytes, failure: 'gone' };
      lease.giveBack(chunk);
      bytes += count;
      // Nothing above had to wait, perhaps: one client takes one turn, and everybody else theirs.
      if (cached > 0 && bytes < part.length) await nextTurn();
    }
    return { bytes };
  } finally {
    lease.close();
  }
}

type Read = { readonly count: number; readonly errno?: string };

function readFrom(fd: number, offset: number, into: Chunk): Promise<Read> {
  return new Promise((resolve) => {
    read(fd, into, 0, into.length, offset, (error, count) => {
      resolve(error ? { count: 0, errno: errnoName(error) } : { count });
    });
  });
}

/** Resolves when the system has taken the octets, so that the buffer is ours again; to false when the connection is gone. */
export function write(response: ServerResponse, octets: Uint8Array): Promise<boolean> {
  const { socket } = response;
  return new Promise((resolve) => {
    if (!socket || socket.destroyed) {
      resolve(false);
      return;
    }
    const onClose = () => resolve(false);
    socket.once('close', onClose);
    response.write(octets, (error) => {
      socket.off('close', onClose);
      resolve(!error && !socket.destroyed);
    });
  });
}
