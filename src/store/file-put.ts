import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsync, write } from 'node:fs';
import { promisify } from 'node:util';
import { errnoName } from './beneath.ts';
import type { BootTree } from './boot-file.ts';
import { hashDescriptor } from './file-hash.ts';
import { fileProblem, problemOf, refusal } from './file-problem.ts';
import type { PendingUploads } from './pending-uploads.ts';
import { type Sync, startUpload, type Upload } from './upload.ts';

export type PutOptions = {
  /** Replace a file of that name; true unless said otherwise. */
  readonly overwrite?: boolean;
  /** What the octets must come to, hex. Where the file has them already the source is not even read. */
  readonly sha256?: string;
  /** How many octets will come; fewer or more are an error. */
  readonly sizeBytes?: number;
  /** More are refused. */
  readonly maxBytes?: number;
  readonly onProgress?: (progress: PutProgress) => void;
  readonly signal?: AbortSignal;
};

export type PutProgress = { readonly bytes: number; readonly totalBytes: number | undefined };

/** `same`: the file had these octets already, and was left as it was. */
export type PutState = 'created' | 'replaced' | 'same';

export type PutResult = {
  readonly path: string;
  readonly state: PutState;
  readonly bytes: number;
  readonly sha256: string;
};

const writeAt = promisify(write);

/**
 * Stores what `source` yields as `path` (of the tree): into a hidden file beside it, which is made durable, read back and
 * compared, and only then gets the name. Nobody sees half a file, and whatever goes wrong, the source included, leaves nothing
 * behind and the file of that name as it was. One piece of the source is in memory at a time.
 */
export async function putFile(
  tree: BootTree,
  path: string,
  { source, pending, ...options }: Putting,
): Promise<PutResult> {
  const before = await presentFile(tree, path, options.sha256);
  if (before?.sha256 !== undefined && before.sha256 === options.sha256?.toLowerCase()) {
    return { path, state: 'same', bytes: before.sizeBytes, sha256: before.sha256 };
  }
  const started = startUpload(tree, path, {
    overwrite: options.overwrite ?? true,
    randomHex: randomBytes(8).toString('hex'),
  });
  if (!started.ok) throw refusal(path, started);
  const upload = started.value;
  const settled = pending.add(upload);
  try {
    const { bytes, sha256 } = await receive(upload, path, { ...options, source });
    if (before?.sizeBytes === bytes && (await hashOf(tree, path)) === sha256) {
      upload.discard();
      return { path, state: 'same', bytes, sha256 };
    }
    await publish(upload, path, sha256);
    return { path, state: before ? 'replaced' : 'created', bytes, sha256 };
  } catch (error) {
    upload.discard();
    throw problemOf(path, error);
  } finally {
    settled();
  }
}

/** What is stored, and who takes it back when the process ends meanwhile. */
export type Putting = PutOptions & {
  readonly source: AsyncIterable<Uint8Array>;
  readonly pending: PendingUploads;
};

/** The file that has the name; its hash where there is one to compare it with. */
async function presentFile(
  tree: BootTree,
  path: string,
  wanted: string | undefined,
): Promise<{ sizeBytes: number; sha256?: string } | undefined> {
  const opened = tree.open(path);
  if (!opened.ok) return undefined;
  const { fd, sizeBytes } = opened.value;
  try {
    if (wanted === undefined) return { sizeBytes };
    return { sizeBytes, sha256: await hashDescriptor(fd, 'sha256') };
  } finally {
    closeSync(fd);
  }
}

async function hashOf(tree: BootTree, path: string): Promise<string | undefined> {
  return (await presentFile(tree, path, ''))?.sha256;
}

type Receiving = PutOptions & { readonly source: AsyncIterable<Uint8Array> };

async function receive(
  { fd }: Upload,
  path: string,
  { source, signal, ...options }: Receiving,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const most = options.maxBytes ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  for await (const piece of source) {
    signal?.throwIfAborted();
    if (bytes + piece.length > most) {
      throw fileProblem(path, 'too-large', `larger than the ${most} octets that an upload may have`);
    }
    // The one is done by a thread of the pool, the other meanwhile by this one.
    const writing = writeAll(fd, piece, bytes);
    hash.update(piece);
    await writing;
    bytes += piece.length;
    options.onProgress?.({ bytes, totalBytes: options.sizeBytes });
  }
  signal?.throwIfAborted();
  if (options.sizeBytes !== undefined && options.sizeBytes !== bytes) {
    throw fileProblem(path, 'incomplete', `${bytes} octets came of ${options.sizeBytes}`);
  }
  const sha256 = hash.digest('hex');
  if (options.sha256 !== undefined && options.sha256.toLowerCase() !== sha256) {
    throw fileProblem(path, 'checksum', `the SHA-256 of what came is ${sha256}, not ${options.sha256}`);
  }
  return { bytes, sha256 };
}

async function writeAll(fd: number, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await writeAt(fd, piece, done, piece.length - done, position + done)).bytesWritten;
  }
}

/** Durable first, then read back, then visible. */
export function publish(upload: Upload, path: string, sha256: string): Promise<void> {
  let mismatch: Error | undefined;
  const sync: Sync = (fd, done) => {
    fsync(fd, (error) => {
      if (error) return done(errnoName(error));
      if (fd !== upload.fd) return done(undefined);
      hashDescriptor(fd, 'sha256').then(
        (found) => {
          if (found === sha256) return done(undefined);
          mismatch = fileProblem(path, 'checksum', 'what the disk gives back is not what was written');
          done('EIO');
        },
        (error) => done(errnoName(error)),
      );
    });
  };
  return new Promise((resolve, reject) => {
    upload.commit(sync, (problem) => {
      if (problem === undefined) resolve();
      else reject(mismatch ?? refusal(path, { reason: problem }));
    });
  });
}
