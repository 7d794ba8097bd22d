import { TftpError } from '../lib/tftp-error.ts';
import { errnoName } from './beneath.ts';
import type { OpenRefusal } from './boot-file.ts';
import { nameOfPath, notFound } from './file-name.ts';
import type { UploadRefusal } from './upload.ts';

/** What an operation on files rejects with; `reason` is one of these, or `not-found` of FileNotFound. */
export type FileReason =
  | 'outside-root'
  | 'bad-name'
  | 'exists'
  | 'access'
  | 'disk-full'
  | 'too-large'
  | 'checksum'
  | 'incomplete'
  | 'is-folder'
  | 'not-empty'
  | 'too-many-files'
  | 'read-error'
  | 'write-error';

/** `path` is one of the tree; `what` completes "loader.efi: ". */
export function fileProblem(path: string, reason: FileReason, what: string, cause?: unknown): TftpError {
  return new TftpError(`${nameOfPath(path) || '/'}: ${what}`, {
    reason,
    ...(cause !== undefined && { cause }),
  });
}

const REFUSALS: Readonly<Record<Exclude<OpenRefusal | UploadRefusal, 'not-found'>, string>> = {
  access: 'permission denied',
  'disk-full': 'the disk is full',
  exists: 'there is such a file already',
  'read-error': 'it cannot be read',
  'too-many-files': 'too many files are open',
  'write-error': 'it cannot be written',
};

/** As `startUpload` puts it. */
const NOT_REGULAR = 'not a regular file';

/** What the tree or an upload refused, as an error. */
export function refusal(
  path: string,
  { reason, detail }: { readonly reason: OpenRefusal | UploadRefusal; readonly detail?: string },
): TftpError {
  const more = detail === undefined || /^E(NOENT|ACCES|EXIST|NOSPC)$/.test(detail) ? '' : ` (${detail})`;
  if (detail === NOT_REGULAR && reason === 'access')
    return fileProblem(path, 'access', 'it is no regular file');
  if (reason !== 'not-found') return fileProblem(path, reason, `${REFUSALS[reason]}${more}`);
  return notFound(path, `no such file or folder${more}`);
}

const ERRNOS: Readonly<Record<string, FileReason>> = {
  EEXIST: 'exists',
  EACCES: 'access',
  EPERM: 'access',
  EROFS: 'access',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'too-large',
  EISDIR: 'is-folder',
  ENOTEMPTY: 'not-empty',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
  EINVAL: 'bad-name',
};

const WORDS: Readonly<Partial<Record<FileReason, string>>> = {
  exists: 'there is something of that name already',
  access: 'permission denied',
  'disk-full': 'the disk is full',
  'too-large': 'too large for this file system',
  'is-folder': 'it is a folder',
  'not-empty': 'the folder is not empty',
  'too-many-files': 'too many files are open',
  'bad-name': 'that cannot be, for a folder within itself for one',
};

/** What node:fs threw, as an error of the library; errors of the library, and aborts, as they are. */
export function problemOf(path: string, error: unknown): unknown {
  if (error instanceof TftpError || !(error instanceof Error && 'syscall' in error)) return error;
  const errno = errnoName(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return notFound(path, 'no such file or folder');
  const reason = ERRNOS[errno] ?? 'write-error';
  return fileProblem(path, reason, WORDS[reason] ?? errno, error);
}
