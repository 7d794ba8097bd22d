import { read } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { errnoName } from '../../store/beneath.ts';
import type { Chunks } from './chunks.ts';

/** Octets of an open file; the descriptor stays the caller's. */
export type Part = { readonly fd: number; readonly first: number; readonly length: number };

/** `bytes` were handed to the system. `cut-short`: the file ended before it should have. `gone`: the connection did. */
export type Sent = {
  readonly bytes: number;
  readonly failure?: 'cut-short' | 'read-error' | 'gone';
  readonly detail?: string;
};

/**
 * Sends a part of a file behind headers that were written, and leaves the response open.
 *
 * A read loop instead of a stream: two buffers that are used again, one read into by libuv's pool while the other leaves,
 * and nothing read that the client has not made room for. The promise is kept when no read is under way any more.
 */
export async function sendFile(response: ServerResponse, part: Part, chunks: Chunks): Promise<Sent> {
  const lease = chunks.open(part.length);
  const next = (done: number) => readInto(part, lease.take(), { done, most: lease.size });
  let bytes = 0;
  let reading = next(0);
  try {
    while (bytes < part.length) {
      const { buffer, count, errno } = await reading;
      if (errno !== undefined) return { bytes, failure: 'read-error', detail: errno };
      if (count === 0) return { bytes, failure: 'cut-short' };
      if (bytes + count < part.length) reading = next(bytes + count);
      if (!(await write(response, buffer.subarray(0, count)))) return { bytes, failure: 'gone' };
      bytes += count;
      lease.giveBack(buffer);
    }
    return { bytes };
  } finally {
    await reading; // the descriptor may be closed now
    lease.close();
  }
}

type Chunk = { readonly buffer: Uint8Array; readonly count: number; readonly errno?: string };

function readInto(
  { fd, first, length }: Part,
  buffer: Uint8Array,
  { done, most }: { done: number; most: number },
): Promise<Chunk> {
  return new Promise((resolve) => {
    read(fd, buffer, 0, Math.min(most, length - done), first + done, (error, count) => {
      resolve(error ? { buffer, count: 0, errno: errnoName(error) } : { buffer, count });
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
