import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileExists } from '../boot/settings.ts';

const KEEP_MS = 1000;
const REMEMBER_MOST = 1000;

export type RootFilesOptions = {
  /** Other cases count too, as TFTP will serve them: `EFI/BOOT/BOOTX64.EFI` is a `bootx64.efi`. */
  readonly ignoreCase: boolean;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
};

/** Does the boot root have this file? Answers are kept for a second, so that a storm of clients asks the disk once. */
export function createRootFiles(
  root: string,
  { ignoreCase, now = performance.now.bind(performance) }: RootFilesOptions,
): FileExists {
  const known = new Map<string, { exists: boolean; until: number }>();
  return (path) => {
    const before = known.get(path);
    if (before && before.until > now()) return before.exists;
    if (known.size >= REMEMBER_MOST) known.clear();
    const exists = isFile(join(root, path)) || (ignoreCase && existsInOtherCase(root, path));
    known.set(path, { exists, until: now() + KEEP_MS });
    return exists;
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first name that fits in each folder: enough for the question whether there is one. */
function existsInOtherCase(root: string, path: string): boolean {
  let found = root;
  for (const part of path.split('/').filter((each) => each !== '')) {
    const name = listing(found).find((each) => each.toLowerCase() === part.toLowerCase());
    if (name === undefined) return false;
    found = join(found, name);
  }
  return isFile(found);
}

function listing(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
