import { mkdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { FileNotFound } from '../lib/tftp-error.ts';
import type { BootTree } from './boot-file.ts';
import { createBootTree } from './boot-tree.ts';
import { type CreatedFiles, createCreatedFiles } from './created-files.ts';
import { makeFolders, removeBelow, removeEntry, renameEntry } from './file-changes.ts';
import { entriesBelow, entriesIn, entryAt } from './file-entry.ts';
import { openReader, openWriter } from './file-handle.ts';
import { nameOfPath, pathOfEntry, pathOfFile, pathOfName, splitPath } from './file-name.ts';
import { problemOf } from './file-problem.ts';
import { type PutOptions, type PutResult, putFile } from './file-put.ts';
import { hashFile, readOpened } from './file-reading.ts';
import { openLocal, piecesOf } from './file-source.ts';
import type { FileStore, FileStoreOptions } from './file-store-face.ts';
import { openStorage, storageFileOf } from './other-storage.ts';
import { createPendingUploads } from './pending-uploads.ts';
import { openUrl, type RemoteFile, sendToUrl } from './remote-file.ts';

/**
 * Opens a folder of files. Throws what node:fs throws where the root is none.
 *
 *     const files = createFileStore({ root: '/tftp' });
 *     await files.putLocal('/boot/vmlinuz-6.12', 'debian/vmlinuz'); // { state: 'created', bytes: …, sha256: … }
 */
export function createFileStore({ root: named, create = false, openBeneath }: FileStoreOptions): FileStore {
  const root = resolve(named);
  if (create) mkdirSync(root, { recursive: true });
  createBootTree(root).close(); // says at once what is wrong with it
  const created = createCreatedFiles();
  const pending = createPendingUploads();

  /** The root is opened for each operation: it may be another folder by now. */
  async function openTree(): Promise<BootTree> {
    const opener = await openBeneath;
    try {
      return createBootTree(root, { ignoreCase: false, ...(opener && { openBeneath: opener }) });
    } catch (error) {
      throw problemOf('', error);
    }
  }

  async function inTree<T>(work: (tree: BootTree) => Promise<T>): Promise<T> {
    const tree = await openTree();
    try {
      return await work(tree);
    } finally {
      tree.close();
    }
  }

  async function makeAll(tree: BootTree, folder: string): Promise<void> {
    for (const made of await makeFolders(tree, folder)) await created.add(tree, made);
  }

  function put(
    path: string,
    source: AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<PutResult> {
    return inTree(async (tree) => {
      await makeAll(tree, splitPath(path).folder);
      const result = await putFile(tree, path, { ...options, source, pending });
      if (result.state === 'created') await created.add(tree, path);
      return { ...result, path: nameOfPath(path) };
    });
  }

  async function putRemote(path: string, remote: RemoteFile, options: PutOptions): Promise<PutResult> {
    const known = await alreadyHere(path, remote, options);
    if (known) {
      await remote.cancel();
      return known;
    }
    const { sizeBytes } = remote;
    try {
      return await put(path, remote.octets, { ...(sizeBytes !== undefined && { sizeBytes }), ...options });
    } finally {
      await remote.cancel().catch(() => {});
    }
  }

  /** Its server says what it comes to, and that is what we have. */
  function alreadyHere(
    path: string,
    { digest, sizeBytes }: RemoteFile,
    { signal }: PutOptions,
  ): Promise<PutResult | undefined> {
    return inTree(async (tree) => {
      const found = digest && (await entryAt(tree, path).catch(() => undefined));
      if (!digest || !found || found.sizeBytes !== (sizeBytes ?? found.sizeBytes)) return undefined;
      if ((await hashFile(tree, path, { algorithm: digest.algorithm, signal })) !== digest.hex) {
        return undefined;
      }
      const sha256 = await hashFile(tree, path, { algorithm: 'sha256', signal });
      return { path: nameOfPath(path), state: 'same', bytes: found.sizeBytes, sha256 };
    });
  }

  const store: FileStore = {
    root,
    put: async (path, source, options) => put(pathOfFile(path), piecesOf(source), options),
    async putLocal(local, path, options = {}) {
      const to = pathOfFile(path ?? basename(local));
      const source = await openLocal(local);
      const { sizeBytes } = source;
      try {
        // Read twice where there is a file of that size already: to find that it is the same is all that most updates do.
        const here = await inTree((tree) => entryAt(tree, to).catch(() => undefined));
        const sha256 = here?.sizeBytes === sizeBytes ? await source.hash(options.signal) : undefined;
        return await put(to, source.octets(), {
          ...(sizeBytes !== undefined && { sizeBytes }),
          ...(sha256 !== undefined && { sha256 }),
          ...options,
        });
      } finally {
        await source.close();
      }
    },
    async putFrom(url, path, { allow, storage, ...options } = {}) {
      const to = pathOfFile(path);
      const other = storageFileOf(url);
      const { signal } = options;
      const fetching = { ...(allow && { allow }), ...(signal && { signal }) };
      return putRemote(to, await (other ? openStorage(other, storage) : openUrl(url, fetching)), options);
    },
    get: (path, range) => inTree(async (tree) => readOpened(tree, pathOfFile(path), range)),
    async read(path) {
      const { octets } = await store.get(path);
      return Buffer.concat(await octets.toArray());
    },
    async getLocal(path, local, options = {}) {
      const { octets, sizeBytes } = await store.get(path);
      try {
        const folder = createBootTree(dirname(resolve(local)), { ignoreCase: false });
        try {
          return await putFile(folder, pathOfFile(basename(local)), {
            sizeBytes,
            ...options,
            source: octets,
            pending,
          });
        } finally {
          folder.close();
        }
      } finally {
        octets.destroy();
      }
    },
    async sendTo(path, url, signal) {
      const { octets, sizeBytes } = await store.get(path);
      try {
        await sendToUrl(url, { octets: Readable.toWeb(octets) as ReadableStream, sizeBytes }, signal);
      } finally {
        octets.destroy();
      }
    },
    open: (path) => inTree(async (tree) => openReader(tree, pathOfFile(path))),
    create: (path, options) =>
      inTree(async (tree) => {
        const at = pathOfFile(path);
        await makeAll(tree, splitPath(at).folder);
        const isNew = !(await entryAt(tree, at).catch(() => undefined));
        const writer = openWriter(tree, at, { ...options, pending });
        return {
          ...writer,
          async close() {
            const written = await writer.close();
            if (isNew) await inTree((again) => created.add(again, at));
            return written;
          },
        };
      }),
    stat: (path) => inTree(async (tree) => entryAt(tree, pathOfName(path))),
    async exists(path) {
      try {
        await store.stat(path);
        return true;
      } catch (error) {
        if (error instanceof FileNotFound) return false;
        throw error;
      }
    },
    list: (folder = '') => inTree(async (tree) => entriesIn(tree, pathOfName(folder))),
    async *scan(folder = '') {
      const tree = await openTree();
      try {
        yield* entriesBelow(tree, pathOfName(folder));
      } finally {
        tree.close();
      }
    },
    hash: (path, algorithm = 'sha256', signal) =>
      inTree(async (tree) => hashFile(tree, pathOfFile(path), { algorithm, signal })),
    async check(path, sha256) {
      return (await store.exists(path)) && (await store.hash(path)) === sha256.toLowerCase();
    },
    async copy(from, to, options) {
      const target = pathOfFile(to);
      const { octets, sizeBytes } = await store.get(from);
      try {
        return await put(target, octets, { sizeBytes, ...options });
      } finally {
        octets.destroy();
      }
    },
    rename: (from, to, options) =>
      inTree(async (tree) => {
        const names = { from: pathOfEntry(from), to: pathOfEntry(to) };
        await makeAll(tree, splitPath(names.to).folder);
        await renameEntry(tree, { ...names, ...options });
        created.renamed(names.from, names.to);
      }),
    mkdir: (folder) =>
      inTree(async (tree) => {
        const path = pathOfEntry(folder);
        const made = await makeFolders(tree, path);
        for (const each of made) await created.add(tree, each);
        return made.length > 0;
      }),
    remove: (path) =>
      inTree(async (tree) => {
        const at = pathOfEntry(path);
        await removeEntry(tree, at);
        created.forget(at);
      }),
    removeAll: (path, signal) =>
      inTree(async (tree) => {
        const at = pathOfEntry(path);
        const removed = await removeBelow(tree, at, signal);
        created.forget(at);
        return removed;
      }),
    createdResources: () => created.paths().map(nameOfPath),
    close: ({ removeCreated = false } = {}) =>
      inTree(async (tree) => (removeCreated ? removeMade(tree, created) : [])),
    async [Symbol.asyncDispose]() {
      await store.close();
    },
  };
  return store;
}

/** Newest first, so that folders are empty by their turn; one that others put something in stays. */
async function removeMade(tree: BootTree, created: CreatedFiles): Promise<string[]> {
  const removed: string[] = [];
  for (const path of created.paths().reverse()) {
    const folder = tree.folder(splitPath(path).folder);
    if (!folder.ok) continue;
    try {
      if (!(await created.isOurs(folder.value, path))) continue;
      await removeEntry(tree, path);
      created.forget(path);
      removed.push(nameOfPath(path));
    } catch {
      // Not empty, or gone meanwhile.
    } finally {
      folder.value.close();
    }
  }
  return removed;
}
