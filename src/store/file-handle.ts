import { randomBytes } from 'node:crypto';
import { closeSync, fsync, read, write } from 'node:fs';
import { promisify } from 'node:util';
import type { BootTree } from './boot-file.ts';
import { hashDescriptor } from './file-hash.ts';
import { fileProblem, problemOf, refusal } from './file-problem.ts';
import { publish } from './file-put.ts';
import type { PendingUploads } from './pending-uploads.ts';
import { startUpload } from './upload.ts';

/** From where {@link FileReader.seek} counts: the beginning, here, the end. */
export type Whence = 'start' | 'current' | 'end';

type Positioned = {
  /** Where the next octet is read or written. */
  tell(): number;
  /** Gives the new position, which may lie behind the end. Throws RangeError for one before the beginning. */
  seek(offset: number, whence?: Whence): number;
} & AsyncDisposable;

/** A file that is open for reading: the same octets to its end, also when another gets its name meanwhile. */
export type FileReader = Positioned & {
  readonly sizeBytes: number;
  /** At most `length` octets; none at the end. */
  read(length: number): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** A file in the making. Nobody sees it before {@link close}; {@link discard} leaves nothing. Disposing of it discards it. */
export type FileWriter = Positioned & {
  write(octets: Uint8Array): Promise<void>;
  /** Makes it durable, reads it back, and gives it its name. Its SHA-256. */
  close(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  discard(): Promise<void>;
};

const readAt = promisify(read);
const writeAt = promisify(write);
const syncOf = promisify(fsync);

/** Throws FileNotFound. */
export function openReader(tree: BootTree, path: string): FileReader {
  const opened = tree.open(path);
  if (!opened.ok) throw refusal(path, opened);
  const { fd, sizeBytes } = opened.value;
  const place = createPlace();
  let open = true;
  async function close(): Promise<void> {
    if (open) closeSync(fd);
    open = false;
  }
  return {
    sizeBytes,
    tell: place.tell,
    seek: (offset, whence) => place.seek(offset, whence, sizeBytes),
    async read(length) {
      if (!open) throw closed(path);
      const octets = new Uint8Array(length);
      const { bytesRead } = await readAt(fd, octets, 0, length, place.tell());
      place.advance(bytesRead);
      return octets.subarray(0, bytesRead);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Throws TftpError as a put does. */
export function openWriter(
  tree: BootTree,
  path: string,
  { overwrite = true, pending }: { readonly overwrite?: boolean; readonly pending: PendingUploads },
): FileWriter {
  const started = startUpload(tree, path, { overwrite, randomHex: randomBytes(8).toString('hex') });
  if (!started.ok) throw refusal(path, started);
  const upload = started.value;
  const settled = pending.add(upload);
  const place = createPlace();
  let end = 0;
  let open = true;
  /** Writes are done in the order they were asked for. */
  let last: Promise<void> = Promise.resolve();
  async function writeHere(octets: Uint8Array): Promise<void> {
    if (!open) throw closed(path);
    try {
      for (let done = 0; done < octets.length; ) {
        const { bytesWritten } = await writeAt(upload.fd, octets, done, octets.length - done, place.tell());
        place.advance(bytesWritten);
        done += bytesWritten;
      }
      end = Math.max(end, place.tell());
    } catch (error) {
      throw problemOf(path, error);
    }
  }
  async function discard(): Promise<void> {
    if (!open) return;
    open = false;
    await last.catch(() => {});
    upload.discard();
    settled();
  }
  return {
    tell: place.tell,
    seek: (offset, whence) => place.seek(offset, whence, end),
    write(octets) {
      const writing = last.then(() => writeHere(octets));
      last = writing.catch(() => {});
      return writing;
    },
    async close() {
      if (!open) throw closed(path);
      await last;
      open = false;
      try {
        await syncOf(upload.fd);
        const sha256 = await hashDescriptor(upload.fd, 'sha256');
        await publish(upload, path, sha256);
        return { bytes: end, sha256 };
      } catch (error) {
        upload.discard();
        throw problemOf(path, error);
      } finally {
        settled();
      }
    },
    discard,
    [Symbol.asyncDispose]: discard,
  };
}

function closed(path: string): Error {
  return fileProblem(path, 'write-error', 'it is closed already');
}

function createPlace() {
  let at = 0;
  return {
    tell: () => at,
    advance(by: number): void {
      at += by;
    },
    seek(offset: number, whence: Whence = 'start', size = 0): number {
      const to = offset + (whence === 'start' ? 0 : whence === 'current' ? at : size);
      if (!Number.isSafeInteger(to) || to < 0) throw new RangeError(`Cannot seek to ${to}`);
      at = to;
      return at;
    },
  };
}
