import { closeSync, constants, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import type { OpenBeneath } from './boot-file.ts';

/** Opens relative paths below one directory and nothing outside it. */
export type Beneath = {
  readonly confinement: 'openat2' | 'realpath';
  /** A file descriptor, or the name of an errno. `path` is latin1 text; `''` is the directory itself. */
  open(path: string, flags: number): number | string;
  /** The path under which node:fs finds the directory open as `fd`, which `open` gave for `path`. */
  pathOf(fd: number, path: string): Buffer;
  close(): void;
};

/** What is mounted over the root, or has its name after a rename, is what its operator wants served: a look this often. */
const LOOK_EVERY_MS = 5_000;

/** RESOLVE_BENEATH gives EAGAIN when a rename happens meanwhile (openat2(2)). */
const RACE_RETRIES = 8;

export type BeneathOptions = {
  readonly openBeneath?: OpenBeneath | undefined;
  /** Milliseconds, never going back. */
  readonly now?: (() => number) | undefined;
};

/**
 * By openat2 where the kernel has it (Linux 5.6), else by real paths. Throws when `root` is not a directory that can
 * be opened. When the name is another directory's later, that one is opened instead; while it is nobody's, or that one cannot be
 * opened, the directory of before stays.
 */
export function createBeneath(root: string, options: BeneathOptions): Beneath {
  const { openBeneath, now = () => performance.now() } = options;
  let folder = folderAt(root);
  let beneath = openRoot(root, openBeneath);
  let lookAt = now() + LOOK_EVERY_MS;

  function look(): void {
    lookAt = now() + LOOK_EVERY_MS;
    const found = folderAt(root);
    if (found === undefined || found === folder) return;
    try {
      const next = openRoot(root, openBeneath);
      beneath.close();
      beneath = next;
      folder = found;
    } catch {
      // Its permissions may come after it.
    }
  }

  return {
    confinement: beneath.confinement,
    open(path, flags) {
      if (now() >= lookAt) look();
      return beneath.open(path, flags);
    },
    pathOf: (fd, path) => beneath.pathOf(fd, path),
    close: () => beneath.close(),
  };
}

/** Which directory has this name; undefined when none does. */
function folderAt(root: string): string | undefined {
  try {
    const { dev, ino } = statSync(root, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function openRoot(root: string, openBeneath: OpenBeneath | undefined): Beneath {
  const real = realpathSync.native(root, 'buffer');
  if (openBeneath !== undefined) {
    const rootFd = openSync(real, constants.O_RDONLY | constants.O_DIRECTORY);
    const probe = openBeneath(rootFd, '.', constants.O_RDONLY | constants.O_DIRECTORY);
    if (typeof probe === 'number') {
      closeSync(probe);
      return byKernel({ real, rootFd, openBeneath });
    }
    closeSync(rootFd);
  }
  if (!statSync(real).isDirectory()) throw new TypeError(`Cannot serve ${root}: not a directory`);
  return byRealPath(real);
}

type Kernel = { real: Buffer; rootFd: number; openBeneath: OpenBeneath };

function byKernel({ real, rootFd, openBeneath }: Kernel): Beneath {
  function openOnce(path: string, flags: number): number | string {
    let result: number | string = 'EAGAIN';
    for (let i = 0; i < RACE_RETRIES && result === 'EAGAIN'; i++) {
      result = openBeneath(rootFd, path === '' ? '.' : path, flags);
    }
    return result;
  }
  return {
    confinement: 'openat2',
    open(path, flags) {
      const result = openOnce(path, flags);
      if (result !== 'EXDEV') return result;
      // RESOLVE_BENEATH refuses every absolute link, those that lead back into the root too. We follow these by hand;
      // what they lead to is opened beneath the root like anything else.
      const target = insideOf(real, path);
      return target === undefined || target === path ? 'EXDEV' : openOnce(target, flags);
    },
    pathOf: (fd) => Buffer.from(`/proc/self/fd/${fd}`),
    close: () => closeSync(rootFd),
  };
}

function byRealPath(real: Buffer): Beneath {
  return {
    confinement: 'realpath',
    open(path, flags) {
      try {
        const target = insideOf(real, path);
        if (target === undefined) return errnoOfMissing(real, path);
        const absolute = join(real, target);
        const fd = openSync(absolute, flags | (constants.O_NOFOLLOW ?? 0));
        // Between the look and the opening a folder on the way may have become a link: look again at what we hold.
        if (insideOf(real, target) === target && sameFile(fd, absolute)) return fd;
        closeSync(fd);
        return 'EXDEV';
      } catch (error) {
        return errnoName(error);
      }
    },
    pathOf: (_fd, path) => join(real, insideOf(real, path) ?? path),
    close() {},
  };
}

/** The real path of `path`, relative to the root; undefined when it is outside, or missing. */
function insideOf(real: Buffer, path: string): string | undefined {
  let target: string;
  try {
    target = realpathSync.native(join(real, path), 'buffer').toString('latin1');
  } catch {
    return undefined;
  }
  const root = real.toString('latin1');
  if (target === root) return '';
  const prefix = root.endsWith('/') ? root : `${root}/`;
  return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
}

/** Why there is no real path: `EXDEV` when there is one, outside. */
function errnoOfMissing(real: Buffer, path: string): string {
  try {
    realpathSync.native(join(real, path), 'buffer');
    return 'EXDEV';
  } catch (error) {
    return errnoName(error);
  }
}

function sameFile(fd: number, path: Buffer): boolean {
  const held = fstatSync(fd, { bigint: true });
  const found = statSync(path, { bigint: true });
  return held.ino === found.ino && held.dev === found.dev;
}

function join(folder: Buffer, path: string): Buffer {
  return path === '' ? folder : Buffer.concat([folder, Buffer.from('/'), Buffer.from(path, 'latin1')]);
}

/** `ENOENT` of a node:fs exception; `EIO` for anything that is none. */
export function errnoName(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'EIO';
}
