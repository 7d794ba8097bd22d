import { type FileHandle, link, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TftpError } from '../lib/tftp-error.ts';
import type { Consumer } from './consumer.ts';

/** Chunks that wait for the disk; then the network waits. */
const MOST_WAITING = 8;

/**
 * A local file that appears when it is complete: octets go into a temporary file beside it, which then takes its name. What is no
 * regular file (`/dev/null`, a pipe) is written as it is. Without `force` nothing is replaced.
 *
 * Rejects with TftpError: reason `local-exists` or `local-file`.
 */
export async function openFileSink(path: string, force: boolean): Promise<Consumer> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw local(`${path} is a folder`);
  if (there !== undefined && !there.isFile()) return writeTo(await opened(path, 'w'), { path });
  if (there !== undefined && !force) throw exists(path);
  const target = there === undefined ? path : await realpath(path).catch(() => path);
  // Unique is enough: it is opened exclusively.
  const name = `.${basename(target)}.${process.pid.toString(36)}${process.hrtime.bigint().toString(36)}.part`;
  const temporary = join(dirname(target), name);
  const handle = await opened(temporary, 'wx', target);
  return writeTo(handle, {
    path: target,
    temporary,
    force,
    ...(there !== undefined && { mode: there.mode & 0o7777 }),
  });
}

type Place = {
  readonly path: string;
  readonly temporary?: string;
  readonly force?: boolean;
  /** Permissions of the file that is replaced. */
  readonly mode?: number;
};

/** `shown`: the name that a person knows it by. */
async function opened(path: string, flags: string, shown = path): Promise<FileHandle> {
  return open(path, flags, 0o666).catch((cause: NodeJS.ErrnoException) => {
    throw local(`Cannot write ${shown}: ${cause.code ?? cause.message}`, cause);
  });
}

function writeTo(handle: FileHandle, place: Place): Consumer {
  let waiting = 0;
  let failure: TftpError | undefined;
  let done: Promise<void> = Promise.resolve();

  async function write(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; failure === undefined && at < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, at);
        at += bytesWritten;
      }
    } catch (cause) {
      failure ??= local(`Cannot write ${place.path}: ${(cause as NodeJS.ErrnoException).code}`, cause);
    }
    waiting--;
  }

  async function settled(): Promise<void> {
    await done;
    if (failure !== undefined) throw failure;
  }

  return {
    put(chunk) {
      waiting++;
      done = done.then(() => write(chunk));
    },
    held: () => (failure !== undefined || waiting >= MOST_WAITING ? settled() : undefined),
    async end() {
      await settled();
      try {
        if (place.mode !== undefined) await handle.chmod(place.mode);
        await handle.close();
        if (place.temporary !== undefined) await give(place.temporary, place);
      } catch (cause) {
        if (cause instanceof TftpError) throw cause;
        throw local(`Cannot write ${place.path}: ${(cause as NodeJS.ErrnoException).code}`, cause);
      }
    },
    async discard() {
      await done;
      await handle.close().catch(() => {});
      if (place.temporary !== undefined) await unlink(place.temporary).catch(() => {});
    },
  };
}

/** rename(2) replaces whatever stands there; link(2) does not. Some file systems have no links. */
async function give(temporary: string, { path, force }: Place): Promise<void> {
  if (force) return rename(temporary, path);
  try {
    await link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(path);
    if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (await stat(path).catch(() => undefined)) throw exists(path);
    return rename(temporary, path);
  }
  await unlink(temporary);
}

function exists(path: string): TftpError {
  return new TftpError(`${path} exists`, { reason: 'local-exists' });
}

function local(message: string, cause?: unknown): TftpError {
  return new TftpError(message, { reason: 'local-file', ...(cause !== undefined && { cause }) });
}
