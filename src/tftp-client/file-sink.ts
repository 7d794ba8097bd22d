import { basename, dirname, join } from 'node:path';
import { TftpError } from '../lib/tftp-error.ts';
import type { Consumer } from './consumer.ts';
import { type Awaitable, type FileCalls, fileCalls, type OpenFile } from './file-calls.ts';

/** Chunks that wait for the disk; then the network waits. So few stay in the processor's cache until they are written. */
const MOST_WAITING = 3;

/**
 * A local file that appears when it is complete: octets go into a temporary file beside it, which then takes its name. What is no
 * regular file (`/dev/null`, a pipe) is written as it is. Without `force` nothing is replaced.
 *
 * Rejects with TftpError: reason `local-exists` or `local-file`.
 */
export async function openFileSink(path: string, { force, alone = false }: SinkOptions): Promise<Consumer> {
  const calls = await fileCalls(alone);
  const there = await unlessFails(() => calls.stat(path));
  if (there?.isDirectory()) throw local(`${path} is a folder`);
  if (there !== undefined && !there.isFile()) return openOther(path);
  if (there !== undefined && !force) throw exists(path);
  const target = (there !== undefined && (await unlessFails(() => calls.realpath(path)))) || path;
  // Unique is enough: it is opened exclusively.
  const name = `.${shortened(basename(target))}.${process.pid.toString(36)}${process.hrtime.bigint().toString(36)}.part`;
  const temporary = join(dirname(target), name);
  const handle = await opened(calls, temporary, 'wx', target);
  return writeTo(handle, {
    calls,
    path: target,
    temporary,
    force,
    ...(there !== undefined && { replaces: there }),
  });
}

/** So that what stands behind it does not make the name too long: 255 octets are the limit, 4 a letter's. */
function shortened(name: string): string {
  return [...name].slice(0, 50).join('');
}

/** A pipe keeps its writer waiting for as long as its reader likes: never this thread. */
async function openOther(path: string): Promise<Consumer> {
  const calls = await fileCalls(false);
  return writeTo(await opened(calls, path, 'w'), { calls, path });
}

export type SinkOptions = {
  readonly force: boolean;
  /** Nothing else goes on in this process: it may wait in system calls. */
  readonly alone?: boolean;
};

async function unlessFails<T>(ask: () => Awaitable<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

type Place = {
  readonly calls: FileCalls;
  readonly path: string;
  readonly temporary?: string;
  readonly force?: boolean;
  /** Who owns it, and who may do what with it, stays as it was; what its program may become does not. */
  readonly replaces?: { readonly mode: number; readonly uid: number; readonly gid: number };
};

/** `shown`: the name that a person knows it by. */
async function opened(calls: FileCalls, path: string, flags: string, shown = path): Promise<OpenFile> {
  try {
    return await calls.open(path, flags, 0o666);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw local(`Cannot write ${shown}: ${code ?? message}`, cause);
  }
}

function writeTo(handle: OpenFile, place: Place): Consumer {
  let waiting = 0;
  /** Chunks done with. */
  const written: Uint8Array[] = [];
  let failure: TftpError | undefined;
  let done: Promise<void> = Promise.resolve();

  async function write(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; failure === undefined && at < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, at);
        at += bytesWritten;
      }
      written.push(chunk);
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
    spare: () => written.pop(),
    held: () => (failure !== undefined || waiting >= MOST_WAITING ? settled() : undefined),
    async end() {
      await settled();
      try {
        if (place.replaces !== undefined) await inherit(handle, place.replaces);
        await handle.close();
        if (place.temporary !== undefined) await give(place.temporary, place);
      } catch (cause) {
        if (cause instanceof TftpError) throw cause;
        throw local(`Cannot write ${place.path}: ${(cause as NodeJS.ErrnoException).code}`, cause);
      }
    },
    async discard() {
      const { calls, temporary } = place;
      const closed = done.then(() => unlessFails(() => handle.close()));
      // A pipe that nobody reads may keep its writer for ever.
      if (temporary === undefined) return;
      await closed;
      await unlessFails(() => calls.unlink(temporary));
    },
  };
}

async function inherit(handle: OpenFile, { mode, uid, gid }: NonNullable<Place['replaces']>): Promise<void> {
  // Root's business alone.
  await unlessFails(() => handle.chown(uid, gid));
  await handle.chmod(mode & 0o777);
}

/** rename(2) replaces whatever stands there; link(2) does not. Some file systems have no links. */
async function give(temporary: string, { calls, path, force }: Place): Promise<void> {
  if (force) return calls.rename(temporary, path);
  try {
    await calls.link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(path);
    if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (await unlessFails(() => calls.stat(path))) throw exists(path);
    return calls.rename(temporary, path);
  }
  await calls.unlink(temporary);
}

function exists(path: string): TftpError {
  return new TftpError(`${path} exists`, { reason: 'local-exists' });
}

function local(message: string, cause?: unknown): TftpError {
  return new TftpError(message, { reason: 'local-file', ...(cause !== undefined && { cause }) });
}
