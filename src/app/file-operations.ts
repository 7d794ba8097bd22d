import type { Emit } from '../events/event.ts';
import type { FilesChange } from '../events/files-event.ts';
import { TftpError } from '../lib/tftp-error.ts';
import { ControlError, type ControlStatus } from '../server/control/control-error.ts';
import type { FileFacts, FileOperations, Stored, StoreWish } from '../server/control/file-routes.ts';
import type { FileEntry } from '../store/file-entry.ts';
import type { PutOptions } from '../store/file-put.ts';
import type { FileStore } from '../store/file-store-face.ts';

export type FilesIo = {
  /** Throws {@link ControlError} where no files are served. */
  readonly store: () => FileStore;
  readonly emit: Emit;
  readonly limits: () => FileLimits;
  /** What is to be added where permission is denied. */
  readonly denied?: () => string;
};

export type FileLimits = {
  /** Of one file. */
  readonly uploadMaxBytes: number;
  /** How URLs begin that pxed itself may fetch. Whoever may use control could otherwise ask what only this machine can reach. */
  readonly fetch: readonly string[];
};

/** Entries of one list. */
const LIST_MOST = 10_000;

/** Files of a root, for the control API and for pxectl alike: the same words, the same limits. */
export function createFileOperations({ store, emit, limits, denied = () => '' }: FilesIo): FileOperations {
  function changed(change: FilesChange, names: { path: string; to?: string }, by = 'nobody'): void {
    emit({ type: 'files.changed', change, ...names, by });
  }

  const explained = <T>(path: string, work: () => Promise<T>) => explain(work, { path, denied });

  function storing(by = 'nobody', path: string, work: () => Promise<Stored>): Promise<Stored> {
    return explained(path, async () => {
      const stored = await work();
      const { state, bytes } = stored;
      if (state !== 'same') {
        const replaced = state === 'replaced';
        emit({ type: 'files.stored', path: stored.path, by, bytes, replaced });
      }
      return stored;
    });
  }

  return {
    list: (path, recursive) =>
      explained(path, async () => {
        const files: FileFacts[] = [];
        const found = recursive ? store().scan(path) : await store().list(path);
        for await (const entry of found) {
          if (files.length === LIST_MOST) return { path, files, truncated: true };
          files.push(factsOf(entry));
        }
        return { path, files, truncated: false };
      }),
    stat: (path) => explained(path, async () => factsOf(await store().stat(path))),
    hash: (path, algorithm, signal) => explained(path, () => store().hash(path, algorithm, signal)),
    get: (path) =>
      explained(path, async () => {
        const { octets, sizeBytes } = await store().get(path);
        return { octets, sizeBytes, fileName: path.split('/').at(-1) ?? path };
      }),
    put: (path, octets, wish = {}) =>
      storing(wish.user, path, () => {
        const maxBytes = limits().uploadMaxBytes;
        return store().put(path, octets, { ...optionsOf(wish), maxBytes });
      }),
    fetch: (url, path, wish = {}) =>
      storing(wish.user, path, () => {
        const { uploadMaxBytes: maxBytes, fetch } = limits();
        const allow = (each: URL) => fetch.some((prefix) => startsWith(each, prefix));
        return store().putFrom(url, path, { ...optionsOf(wish), maxBytes, allow });
      }),
    copy: ({ from, to, overwrite }, user) => storing(user, from, () => store().copy(from, to, { overwrite })),
    move: ({ from, to, overwrite }, user) =>
      explained(from, async () => {
        await store().rename(from, to, { overwrite });
        changed('moved', { path: from, to }, user);
      }),
    makeFolder: (path, user) =>
      explained(path, async () => {
        const created = await store().mkdir(path);
        if (created) changed('folder-made', { path }, user);
        return { created };
      }),
    remove: (path, recursive, user) =>
      explained(path, async () => {
        const removed = recursive ? await store().removeAll(path) : 1;
        if (!recursive) await store().remove(path);
        changed('removed', { path }, user);
        return { removed };
      }),
    created: () => explained('', async () => ({ paths: store().createdResources() })),
  };
}

function optionsOf({ sha256, overwrite, signal }: StoreWish): PutOptions {
  return {
    ...(sha256 !== undefined && { sha256 }),
    ...(overwrite !== undefined && { overwrite }),
    ...(signal && { signal }),
  };
}

function startsWith(url: URL, prefix: string): boolean {
  const allowed = URL.parse(prefix);
  return allowed !== null && url.origin === allowed.origin && url.pathname.startsWith(allowed.pathname);
}

/** The end of the year 9999: file systems keep times that dates cannot say. */
const LATEST_MS = 253_402_300_799_999;

export function factsOf({ modifiedMs, ...rest }: FileEntry): FileFacts {
  return { ...rest, modified: new Date(Math.max(0, Math.min(modifiedMs, LATEST_MS))).toISOString() };
}

const STATUS: Readonly<Record<string, ControlStatus>> = {
  'not-found': 404,
  'outside-root': 400,
  'bad-name': 400,
  access: 403,
  'not-allowed': 403,
  exists: 409,
  'is-folder': 409,
  'not-empty': 409,
  'too-large': 413,
  checksum: 422,
  incomplete: 422,
  source: 422,
};

/** What the store rejects with, for whoever asked. */
async function explain<T>(work: () => Promise<T>, { path, denied }: Asked): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TftpError)) throw error;
    const { reason, message } = error;
    const hint = reason === 'access' ? denied() : '';
    throw new ControlError(STATUS[reason] ?? 503, reason, `${message}${hint}`, { path });
  }
}

type Asked = { readonly path: string; readonly denied: () => string };
