import { lstat } from 'node:fs/promises';
import type { BootFolder, BootTree } from './boot-file.ts';
import { splitPath } from './file-name.ts';

/** What one user of a root has made there, to be able to take it away again. */
export type CreatedFiles = {
  /** Remembers a file or folder that was not there before, as it is now. */
  add(tree: BootTree, path: string): Promise<void>;
  /** It was removed, and all below it. */
  forget(path: string): void;
  renamed(from: string, to: string): void;
  /** Oldest first. */
  paths(): string[];
  /** Is what stands there still what was made? Somebody else may have put a file of his own in its place. */
  isOurs(folder: BootFolder, path: string): Promise<boolean>;
};

/** Keeps them in memory, by path, each with its device and inode. */
export function createCreatedFiles(): CreatedFiles {
  const made = new Map<string, string>();
  const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  return {
    async add(tree, path) {
      const { folder: parent, name } = splitPath(path);
      const folder = tree.folder(parent);
      if (!folder.ok) return;
      try {
        made.set(path, await identityOf(folder.value, name));
      } catch {
        // Gone already.
      } finally {
        folder.value.close();
      }
    },
    forget(path) {
      for (const each of [...made.keys()]) if (isBelow(each, path)) made.delete(each);
    },
    renamed(from, to) {
      for (const [path, identity] of [...made]) {
        if (isBelow(path, to)) made.delete(path);
        if (!isBelow(path, from)) continue;
        made.delete(path);
        made.set(to + path.slice(from.length), identity);
      }
    },
    paths: () => [...made.keys()],
    async isOurs(folder, path) {
      const known = made.get(path);
      try {
        return known !== undefined && known === (await identityOf(folder, splitPath(path).name));
      } catch {
        return false;
      }
    },
  };
}

async function identityOf(folder: BootFolder, name: string): Promise<string> {
  const { dev, ino } = await lstat(folder.at(name), { bigint: true });
  return `${dev}:${ino}`;
}
