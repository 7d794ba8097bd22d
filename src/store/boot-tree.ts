import { closeSync, constants, fstatSync } from 'node:fs';
import type { Beneath } from './beneath.ts';
import { createBeneath, errnoName } from './beneath.ts';
import type { BootFile, BootFolder, BootTree, OpenBeneath, Opened, OpenRefusal } from './boot-file.ts';
import { createCaseSearch } from './case-search.ts';
import { identityOf } from './file-identity.ts';
import { isTemporary } from './file-name.ts';

export type BootTreeOptions = {
  /** Linux's openat2; without it, or on a kernel without it, real paths are compared. */
  readonly openBeneath?: OpenBeneath;
  /** Try other cases when no file has the exact name. On unless false. */
  readonly ignoreCase?: boolean;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
};

/** Without O_NONBLOCK, opening a FIFO waits for a writer: dnsmasq serves nobody meanwhile. */
const FILE_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/**
 * Serves the regular files below `root` (absolute or relative), also when another folder gets that name. Links are followed as
 * long as they stay inside.
 * Throws when `root` cannot be opened as a directory.
 *
 *     const tree = createBootTree('/tftp', { openBeneath });
 *     tree.open('pxelinux.cfg/default'); // { ok: true, value: { fd: 21, sizeBytes: 312, … } }
 */
export function createBootTree(root: string, options: BootTreeOptions = {}): BootTree {
  const beneath = createBeneath(root, options);
  const folder = (path: string) => openFolder(beneath, path);
  const otherCase = options.ignoreCase === false ? undefined : createCaseSearch(folder);
  return {
    root,
    confinement: beneath.confinement,
    open(path) {
      const exact = openFile(beneath, path);
      if (exact.ok || exact.reason !== 'not-found' || otherCase === undefined) return exact;
      for (const candidate of otherCase(path)) {
        const found = openFile(beneath, candidate);
        if (found.ok || found.reason !== 'not-found') return found;
      }
      return exact;
    },
    folder,
    close: () => beneath.close(),
  };
}

function openFile(beneath: Beneath, path: string): Opened<BootFile> {
  if (isTemporary(path)) return { ok: false, reason: 'not-found', detail: 'an upload under way' };
  const fd = beneath.open(path, FILE_FLAGS);
  if (typeof fd === 'string') return refused(fd);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) {
      closeSync(fd);
      return { ok: false, reason: 'not-found', detail: 'not a regular file' };
    }
    const { size, mtimeMs } = stat;
    return {
      ok: true,
      value: { fd, sizeBytes: Number(size), mtimeMs: Number(mtimeMs), identity: identityOf(stat), path },
    };
  } catch (error) {
    closeSync(fd);
    return refused(errnoName(error));
  }
}

function openFolder(beneath: Beneath, path: string): Opened<BootFolder> {
  const fd = beneath.open(path, FOLDER_FLAGS);
  if (typeof fd === 'string') return refused(fd);
  const base = beneath.pathOf(fd, path);
  return {
    ok: true,
    value: {
      at: (name) => (name === undefined ? base : Buffer.concat([base, Buffer.from(`/${name}`, 'latin1')])),
      close: () => closeSync(fd),
    },
  };
}

function refused(errno: string): { ok: false; reason: OpenRefusal; detail: string } {
  const detail = errno === 'EXDEV' ? 'outside the root' : errno;
  return { ok: false, reason: reasonOf(errno), detail };
}

function reasonOf(errno: string): OpenRefusal {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'EXDEV':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ENXIO': // a socket in the tree, or a device without a driver
    case 'ENODEV':
      return 'not-found';
    case 'EACCES':
    case 'EPERM':
      return 'access';
    case 'EMFILE':
    case 'ENFILE':
      return 'too-many-files';
    default:
      return 'read-error';
  }
}
