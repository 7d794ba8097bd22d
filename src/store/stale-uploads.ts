import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Names that {@link startUpload} gives to files on their way in. */
const TEMPORARY = /^\.pxed-[0-9a-f]+\.part$/;

/**
 * Removes what uploads left behind when a server was killed, anywhere below `root`; says what, relative to it. Only files
 * that nobody wrote to for `olderThanMs`: another server may have the same root. Links are not followed; what cannot be
 * read or removed stays.
 */
export async function sweepUploads(root: string, olderThanMs: number): Promise<string[]> {
  const swept: string[] = [];
  await sweepFolder(root, '', { root, before: Date.now() - olderThanMs, swept });
  return swept;
}

type Sweep = { readonly root: string; readonly before: number; readonly swept: string[] };

async function sweepFolder(path: string, below: string, sweep: Sweep): Promise<void> {
  try {
    for await (const entry of await opendir(path)) {
      const name = join(below, entry.name);
      if (entry.isDirectory()) await sweepFolder(join(path, entry.name), name, sweep);
      else if (entry.isFile() && TEMPORARY.test(entry.name))
        await sweepFile(join(path, entry.name), name, sweep);
    }
  } catch {
    // Not ours to read, or gone meanwhile.
  }
}

async function sweepFile(path: string, name: string, { before, swept }: Sweep): Promise<void> {
  try {
    const { mtimeMs } = await lstat(path);
    if (mtimeMs >= before) return;
    await unlink(path);
    swept.push(name);
  } catch {
    // Not ours to remove, or gone meanwhile.
  }
}
