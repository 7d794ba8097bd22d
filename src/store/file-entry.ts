import { closeSync } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import type { BootFolder, BootTree } from './boot-file.ts';
import { isTemporary, joinPath, nameOfPath, notFound, pathOfName, splitPath } from './file-name.ts';
import { problemOf, refusal } from './file-problem.ts';

/** What is known of something below the root. */
export type FileEntry = {
  /** From the root, `/` between names; `''` is the root itself. */
  readonly path: string;
  /** `other`: a device, a socket: nothing that is served. */
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Of the file, or of the file that a link leads to; 0 for anything else. */
  readonly sizeBytes: number;
  /** ms since 1970; for a link that of what it leads to. */
  readonly modifiedMs: number;
  /** What stands in a link. */
  readonly target?: string;
  /** Where a link leads: absent when it dangles, or leads out of the root, and so is not served. */
  readonly leadsTo?: 'file' | 'folder';
};

/** Throws FileNotFound. */
export async function entryAt(tree: BootTree, path: string): Promise<FileEntry> {
  if (path === '') return describeRoot(tree);
  const { folder: parent, name } = splitPath(path);
  const folder = openFolder(tree, parent);
  try {
    return await describe(tree, folder, { parent, name });
  } catch (error) {
    throw problemOf(path, error);
  } finally {
    folder.close();
  }
}

/** Everything in a folder but uploads on their way in, by name. Throws FileNotFound. */
export async function entriesIn(tree: BootTree, path: string): Promise<FileEntry[]> {
  const folder = openFolder(tree, path);
  try {
    const entries: FileEntry[] = [];
    for (const name of await namesIn(folder)) {
      try {
        entries.push(await describe(tree, folder, { parent: path, name }));
      } catch {
        // Gone meanwhile.
      }
    }
    return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  } catch (error) {
    throw problemOf(path, error);
  } finally {
    folder.close();
  }
}

/** Everything below a folder, folders before what is in them. Links are told and not followed. */
export async function* entriesBelow(tree: BootTree, path: string): AsyncGenerator<FileEntry> {
  for (const entry of await entriesIn(tree, path)) {
    yield entry;
    if (entry.kind !== 'folder') continue;
    try {
      yield* entriesBelow(tree, pathOfName(entry.path));
    } catch {
      // Not ours to read, or gone meanwhile.
    }
  }
}

/** The names in a folder, latin1 text of their octets, without uploads on their way in. */
export async function namesIn(folder: BootFolder): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder.at(), { encoding: 'latin1' })) {
    if (!isTemporary(entry.name)) names.push(entry.name);
  }
  return names;
}

/** Throws FileNotFound, or what else the tree refuses. */
export function openFolder(tree: BootTree, path: string): BootFolder {
  const folder = tree.folder(path);
  if (!folder.ok) throw refusal(path, folder);
  return folder.value;
}

async function describe(
  tree: BootTree,
  folder: BootFolder,
  { parent, name }: { readonly parent: string; readonly name: string },
): Promise<FileEntry> {
  const path = joinPath(parent, name);
  const at = folder.at(name);
  const stat = await lstat(at);
  const plain = { path: nameOfPath(path), modifiedMs: Math.round(stat.mtimeMs) };
  if (stat.isFile()) return { ...plain, kind: 'file', sizeBytes: stat.size };
  if (stat.isDirectory()) return { ...plain, kind: 'folder', sizeBytes: 0 };
  if (!stat.isSymbolicLink()) return { ...plain, kind: 'other', sizeBytes: 0 };
  const target = nameOfPath(await readlink(at, 'latin1'));
  return { ...plain, kind: 'link', sizeBytes: 0, target, ...followed(tree, path) };
}

/** What a link leads to, as far as it is served. */
function followed(tree: BootTree, path: string): Partial<FileEntry> {
  const file = tree.open(path);
  if (file.ok) {
    const { fd, sizeBytes, mtimeMs } = file.value;
    closeSync(fd);
    return { leadsTo: 'file', sizeBytes, modifiedMs: Math.round(mtimeMs) };
  }
  const folder = tree.folder(path);
  if (!folder.ok) return {};
  folder.value.close();
  return { leadsTo: 'folder' };
}

async function describeRoot(tree: BootTree): Promise<FileEntry> {
  const folder = openFolder(tree, '');
  try {
    const { mtimeMs } = await lstat(folder.at('.'));
    return { path: '', kind: 'folder', sizeBytes: 0, modifiedMs: Math.round(mtimeMs) };
  } catch {
    throw notFound('', 'the root is gone');
  } finally {
    folder.close();
  }
}
