import { readFileSync, statSync } from 'node:fs';
import { processName } from '../lib/process-name.ts';

/**
 * Who holds a lock on a file, as `pxed, pid 812`; undefined when the system does not tell. Linux lists all locks, to
 * everybody, as `1: POSIX  ADVISORY  WRITE 812 fe:00:1234 0 EOF` (proc(5)).
 */
export function lockOwner(path: string, readText: (path: string) => string = readLatin1): string | undefined {
  try {
    const place = placeOf(statSync(path));
    for (const line of readText('/proc/locks').split('\n')) {
      const [, , , , pid, where] = line.trim().split(/\s+/);
      if (pid === undefined || where !== place) continue;
      const read = (name: string) => readText(`/proc/${pid}/${name}`);
      return `${processName(read('comm'), read('cmdline'))}, pid ${pid}`;
    }
  } catch {
    // Not Linux, or it is gone already.
  }
  return undefined;
}

/** `fe:00:1234`: major and minor number of the device, in hex, as in makedev(3); inode. */
export function placeOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  const major = Math.floor(dev / 256) & 0xfff;
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  return [hexOf(major), hexOf(minor), ino].join(':');
}

function hexOf(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function readLatin1(path: string): string {
  return readFileSync(path, 'latin1');
}
