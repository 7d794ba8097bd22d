import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const READ = 0o004;
const SEARCH = 0o001;

/**
 * Will whoever this process becomes be able to read these files? By the permissions of everybody alone, so that `false` may be too
 * careful. A checkout in a closed home is out of reach once root is given up.
 */
export function readableByAll(path: string): boolean {
  try {
    const real = realpathSync(path);
    const found = statSync(real);
    const needed = found.isDirectory() ? READ | SEARCH : READ;
    return (found.mode & needed) === needed && searchableByAll(dirname(real));
  } catch {
    return false;
  }
}

function searchableByAll(folder: string): boolean {
  if ((statSync(folder).mode & SEARCH) === 0) return false;
  return dirname(folder) === folder || searchableByAll(dirname(folder));
}
