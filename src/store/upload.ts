import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoName } from './beneath.ts';
import type { BootFolder, BootTree } from './boot-file.ts';
import { isTemporary } from './file-name.ts';

/** `exists`: create-only, and the name is taken. `not-found`: the folder is missing, or outside the root. */
export type UploadRefusal =
  | 'exists'
  | 'not-found'
  | 'access'
  | 'disk-full'
  | 'too-many-files'
  | 'write-error';

/** What may still go wrong once an upload is open. */
export type UploadProblem = 'exists' | 'disk-full' | 'write-error';

/** A file on its way in: nobody sees it before `commit`, and nothing is left of it after `discard`. */
export type Upload = {
  /** For who writes by itself, elsewhere, or reads what it wrote; it is closed by `commit` and `discard`. */
  readonly fd: number;
  /** Appends; undefined when all of it was taken. After a problem the only thing left to do is `discard`. */
  append(octets: Uint8Array): UploadProblem | undefined;
  /**
   * Makes it durable (fsync of the file, then of its folder) and visible in one step, and calls `done`, at once or later, as
   * `sync` does. Discards it when that fails.
   */
  commit(sync: Sync, done: (problem: UploadProblem | undefined) => void): void;
  /** Removes what was written. Does nothing after `commit`, or twice. */
  discard(): void;
};

/**
 * fsync(2) of a descriptor; `done` is told the errno if it fails. A disk takes its time, milliseconds or seconds: who serves
 * others meanwhile has it done elsewhere.
 */
export type Sync = (fd: number, done: (errno: string | undefined) => void) => void;

/** On the spot: the caller waits. */
export const syncHere: Sync = (fd, done) => {
  let errno: string | undefined;
  try {
    fsyncSync(fd);
  } catch (error) {
    errno = errnoName(error);
  }
  done(errno);
};

export type UploadOptions = {
  /** Replace a file of that name; otherwise it must not exist, not even when the upload ends. */
  readonly overwrite: boolean;
  /** Makes the temporary name unique. */
  readonly randomHex: string;
};

export type StartedUpload =
  | { readonly ok: true; readonly value: Upload }
  | { readonly ok: false; readonly reason: UploadRefusal; readonly detail: string };

/**
 * Begins to store `path` (as {@link BootTree.open} takes it). The octets go to a hidden temporary file in the same
 * folder, which is held open, so that no link put in its place meanwhile can lead the upload elsewhere; a link with the
 * file's own name is replaced, never written through.
 */
export function startUpload(tree: BootTree, path: string, options: UploadOptions): StartedUpload {
  if (isTemporary(path))
    return { ok: false, reason: 'access', detail: 'files on their way in are called so' };
  const slash = path.lastIndexOf('/');
  const folder = tree.folder(slash < 0 ? '' : path.slice(0, slash));
  if (!folder.ok) {
    const reason = folder.reason === 'read-error' ? 'write-error' : folder.reason;
    return { ok: false, reason, detail: folder.detail };
  }
  const place = {
    folder: folder.value,
    name: path.slice(slash + 1),
    temporary: `.pxed-${options.randomHex}.part`,
  };
  try {
    const taken = refusalOfTarget(place, options.overwrite);
    if (taken !== undefined) {
      folder.value.close();
      return { ok: false, ...taken };
    }
    return { ok: true, value: createUpload(place, options.overwrite) };
  } catch (error) {
    folder.value.close();
    return { ok: false, reason: refusalOf(errnoName(error)), detail: errnoName(error) };
  }
}

type Place = { readonly folder: BootFolder; readonly name: string; readonly temporary: string };

function refusalOfTarget(
  place: Place,
  overwrite: boolean,
): { reason: UploadRefusal; detail: string } | undefined {
  const target = lstatSync(place.folder.at(place.name), { throwIfNoEntry: false });
  if (target === undefined) return undefined;
  if (!overwrite) return { reason: 'exists', detail: 'the name is taken' };
  if (target.isFile() || target.isSymbolicLink()) return undefined;
  return { reason: 'access', detail: 'not a regular file' };
}

function createUpload(place: Place, overwrite: boolean): Upload {
  const { O_CREAT, O_EXCL, O_RDWR } = constants;
  const fd = openSync(place.folder.at(place.temporary), O_RDWR | O_CREAT | O_EXCL, 0o644);
  let open = true;

  function end(keep: boolean): void {
    if (!open) return;
    open = false;
    try {
      closeSync(fd);
      if (!keep) unlinkSync(place.folder.at(place.temporary));
    } catch {
      // Gone already: nothing to take back.
    }
    place.folder.close();
  }

  return {
    fd,
    append(octets) {
      try {
        for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at);
        return undefined;
      } catch (error) {
        return problemOf(errnoName(error));
      }
    },
    commit(sync, done) {
      function fail(errno: string): void {
        end(false);
        done(problemOf(errno));
      }
      sync(fd, (errno) => {
        if (!open) return; // discarded meanwhile
        if (errno !== undefined) return fail(errno);
        try {
          if (overwrite) renameSync(place.folder.at(place.temporary), place.folder.at(place.name));
          else publishNew(place);
        } catch (error) {
          return fail(errnoName(error));
        }
        syncFolder(place.folder, sync, () => {
          end(true);
          done(undefined);
        });
      });
    },
    discard: () => end(false),
  };
}

/** rename(2) replaces what is there; link(2) does not, so that of two uploads of a name one fails with EEXIST. */
function publishNew(place: Place): void {
  const temporary = place.folder.at(place.temporary);
  const target = place.folder.at(place.name);
  try {
    linkSync(temporary, target);
    unlinkSync(temporary);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errnoName(error))) throw error;
    // No hard links here (FAT, some network file systems): take the name first, then replace what we took.
    closeSync(openSync(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
    renameSync(temporary, target);
  }
}

/** Makes the new name durable. Some file systems cannot, and then the name is as durable as they make it. */
function syncFolder(folder: BootFolder, sync: Sync, done: () => void): void {
  let fd: number;
  try {
    fd = openSync(folder.at(), 'r');
  } catch {
    done();
    return;
  }
  sync(fd, () => {
    closeSync(fd); // EINVAL, EISDIR: no such notion there
    done();
  });
}

function refusalOf(errno: string): UploadRefusal {
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return 'access';
  if (errno === 'EMFILE' || errno === 'ENFILE') return 'too-many-files';
  if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ENAMETOOLONG') return 'not-found';
  return problemOf(errno);
}

function problemOf(errno: string): UploadProblem {
  if (errno === 'EEXIST') return 'exists';
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') return 'disk-full';
  return 'write-error';
}
