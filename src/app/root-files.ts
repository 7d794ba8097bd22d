import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileExists } from '../boot/settings.ts';

const KEEP_MS = 1000;
const REMEMBER_MOST = 1000;

/** Does the boot root have this file? Answers are kept for a second, so that a storm of clients asks the disk once. */
export function createRootFiles(root: string, now: () => number = () => performance.now()): FileExists {
  const known = new Map<string, { exists: boolean; until: number }>();
  return (path) => {
    const before = known.get(path);
    if (before && before.until > now()) return before.exists;
    if (known.size >= REMEMBER_MOST) known.clear();
    const exists = isFile(join(root, path));
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
