import { readFileSync, statSync } from 'node:fs';

/**
 * Who holds a lock on a file, as `pxed, pid 812`; undefined when the system does not tell. Linux lists all locks, to
 * everybody, as `1: POSIX  ADVISORY  WRITE 812 fe:00:1234 0 EOF` (proc(5)).
 */
export function lockOwner(path: string, readText: (path: string) => string = readLatin1): string | undefined {
  try {
    const place = `:${statSync(path).ino}`;
    for (const line of readText('/proc/locks').split('\n')) {
      const [, , , , pid, where] = line.trim().split(/\s+/);
      if (pid === undefined || !where?.endsWith(place)) continue;
      return `${readText(`/proc/${pid}/comm`).trim()}, pid ${pid}`;
    }
  } catch {
    // Not Linux, or it is gone already.
  }
  return undefined;
}

function readLatin1(path: string): string {
  return readFileSync(path, 'latin1');
}
