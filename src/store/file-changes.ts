import { link, lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises';
import { errnoName } from './beneath.ts';
import type { BootFolder, BootTree } from './boot-file.ts';
import { namesIn, openFolder } from './file-entry.ts';
import { joinPath, splitPath } from './file-name.ts';
import { fileProblem, problemOf } from './file-problem.ts';

/**
 * Makes a folder and those above it. Gives the paths of those that were not there. Throws TftpError `exists` where
 * something else has one of the names.
 */
export async function makeFolders(tree: BootTree, path: string): Promise<string[]> {
  const made: string[] = [];
  let parent = '';
  for (const name of path === '' ? [] : path.split('/')) {
    const here = joinPath(parent, name);
    const there = tree.folder(here);
    if (there.ok) there.value.close();
    else if (await makeFolder(tree, parent, name)) made.push(here);
    parent = here;
  }
  return made;
}

/** False: somebody else made it meanwhile. */
async function makeFolder(tree: BootTree, parent: string, name: string): Promise<boolean> {
  const path = joinPath(parent, name);
  const folder = openFolder(tree, parent);
  try {
    await mkdir(folder.at(name), 0o755);
    return true;
  } catch (error) {
    const again = tree.folder(path);
    if (!again.ok) throw problemOf(path, error);
    again.value.close();
    return false;
  } finally {
    folder.close();
  }
}

export type RenameOptions = {
  /** A file of the new name is replaced; true unless said otherwise. */
  readonly overwrite?: boolean;
};

/**
 * Gives a file, link or folder another name, in one step: whoever reads meanwhile has the old or the new one. Throws
 * FileNotFound; TftpError `exists` for a name that is taken, by a folder in any case.
 */
export async function renameEntry(
  tree: BootTree,
  { from, to, overwrite = true }: RenameOptions & { readonly from: string; readonly to: string },
): Promise<void> {
  const source = splitPath(from);
  const target = splitPath(to);
  const left = openFolder(tree, source.folder);
  try {
    const right = openFolder(tree, target.folder);
    try {
      await moveEntry({ from: left.at(source.name), to: right.at(target.name), overwrite });
    } catch (error) {
      throw problemOf(errnoName(error) === 'ENOENT' ? from : to, error);
    } finally {
      right.close();
    }
  } finally {
    left.close();
  }
}

type Move = { readonly from: Buffer; readonly to: Buffer; readonly overwrite: boolean };

async function moveEntry({ from, to, overwrite }: Move): Promise<void> {
  const moved = await lstat(from);
  const taken = await lstat(to).catch(() => undefined);
  const folders = moved.isDirectory() || taken?.isDirectory() === true;
  if (taken && (folders || !overwrite)) throw existing();
  // rename(2) replaces what came there meanwhile; link(2) does not. A folder, or a link, can only be renamed.
  if (overwrite || !moved.isFile()) return rename(from, to);
  await link(from, to);
  await unlink(from);
}

function existing(): Error {
  return Object.assign(new Error('EEXIST: file already exists, rename'), {
    code: 'EEXIST',
    syscall: 'rename',
  });
}

/** Removes a file, a link (not what it leads to) or an empty folder. Throws FileNotFound, TftpError `not-empty`. */
export async function removeEntry(tree: BootTree, path: string): Promise<void> {
  const { folder: parent, name } = splitPath(path);
  const folder = openFolder(tree, parent);
  try {
    await removeFrom(folder, name);
  } catch (error) {
    throw problemOf(path, error);
  } finally {
    folder.close();
  }
}

async function removeFrom(folder: BootFolder, name: string): Promise<void> {
  const at = folder.at(name);
  if ((await lstat(at)).isDirectory()) await rmdir(at);
  else await unlink(at);
}

/** Removes a file, or a folder and all in it. Links are removed, never followed. Gives how many it were. */
export async function removeBelow(tree: BootTree, path: string, signal?: AbortSignal): Promise<number> {
  signal?.throwIfAborted();
  const { folder: parent, name } = splitPath(path);
  const folder = openFolder(tree, parent);
  try {
    const at = folder.at(name);
    let removed = 0;
    if ((await lstat(at)).isDirectory()) {
      const inside = await listOf(tree, path);
      for (const each of inside) removed += await removeBelow(tree, joinPath(path, each), signal);
    }
    await removeFrom(folder, name);
    return removed + 1;
  } catch (error) {
    throw problemOf(path, error);
  } finally {
    folder.close();
  }
}

async function listOf(tree: BootTree, path: string): Promise<string[]> {
  const folder = openFolder(tree, path);
  try {
    // A folder that became a link meanwhile leads to another: what is in that one stays.
    if ((await lstat(folder.at('.'))).ino !== (await inodeOf(tree, path))) {
      throw fileProblem(path, 'write-error', 'it became another folder meanwhile');
    }
    return await namesIn(folder);
  } finally {
    folder.close();
  }
}

async function inodeOf(tree: BootTree, path: string): Promise<number> {
  const { folder: parent, name } = splitPath(path);
  const folder = openFolder(tree, parent);
  try {
    return (await lstat(folder.at(name))).ino;
  } finally {
    folder.close();
  }
}
