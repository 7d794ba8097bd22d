import type { Stats } from 'node:fs';

export type Awaitable<T> = T | Promise<T>;

export type OpenFile = {
  /** From octet `at` of the chunk on. */
  write(chunk: Uint8Array, at: number): Awaitable<{ readonly bytesWritten: number }>;
  chmod(mode: number): Awaitable<void>;
  chown(uid: number, gid: number): Awaitable<void>;
  close(): Awaitable<void>;
};

/** What a file that is fetched asks of the system. All throw, or reject with, the system's errors. */
export type FileCalls = {
  stat(path: string): Awaitable<Stats>;
  realpath(path: string): Awaitable<string>;
  open(path: string, flags: string, mode: number): Awaitable<OpenFile>;
  link(from: string, to: string): Awaitable<void>;
  rename(from: string, to: string): Awaitable<void>;
  unlink(path: string): Awaitable<void>;
};

/** A smaller chunk is written in less time than it takes to hand it to another thread. */
const LARGE_BYTES = 512 * 1024;

/** `alone`: small things are done at once, though everything else stands still meanwhile. */
export async function fileCalls(alone: boolean): Promise<FileCalls> {
  return alone ? callsAtOnce() : import('node:fs/promises');
}

function callsAtOnce(): FileCalls {
  // An import would load all parts of it, which takes longer than a small transfer.
  const fs = process.getBuiltinModule('node:fs');

  function openFile(path: string, flags: string, mode: number): OpenFile {
    const fd = fs.openSync(path, flags, mode);
    return {
      write: (chunk, at) =>
        chunk.length < LARGE_BYTES
          ? { bytesWritten: fs.writeSync(fd, chunk, at) }
          : new Promise((resolve, reject) => {
              fs.write(fd, chunk, at, (error, bytesWritten) =>
                error ? reject(error) : resolve({ bytesWritten }),
              );
            }),
      chmod: (to) => fs.fchmodSync(fd, to),
      chown: (uid, gid) => fs.fchownSync(fd, uid, gid),
      close: () => fs.closeSync(fd),
    };
  }

  return {
    stat: (path) => fs.statSync(path),
    realpath: (path) => fs.realpathSync.native(path),
    open: openFile,
    link: fs.linkSync,
    rename: fs.renameSync,
    unlink: fs.unlinkSync,
  };
}
