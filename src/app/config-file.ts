import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isLeftLock, lockConfig } from './config-lock.ts';
import { whyUnreadable } from './why-unreadable.ts';

/** A configuration as it was read: its text, and a mark that another text has not. */
export type ConfigText = {
  /** The file itself, behind all symbolic links. */
  readonly path: string;
  readonly text: string;
  readonly etag: string;
};

/** Why a configuration cannot be read or written; `message` for people. */
export class ConfigFileProblem extends Error {
  readonly code: 'missing' | 'unreadable' | 'not-writable' | 'changed' | 'busy' | 'failed';

  constructor(code: ConfigFileProblem['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConfigFileProblem';
    this.code = code;
  }
}

/** What a file that is not there has for a mark. */
export const NO_FILE = 'none';

/** Past this it is no configuration; what is read is kept in memory. */
const LONGEST = 16 * 1024 * 1024;

/** The mark of a text: the same one for the same octets, wherever they are. */
export function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Reads a configuration. Throws {@link ConfigFileProblem}. */
export function readConfigFile(file: string): ConfigText {
  try {
    const path = realpathSync(file);
    if (statSync(path).size > LONGEST) {
      throw new ConfigFileProblem('unreadable', `Cannot read ${file}: it is too long for a configuration`);
    }
    const text = textIn(readFileSync(path));
    if (text === undefined) throw new ConfigFileProblem('unreadable', `Cannot read ${file}: it is not UTF-8`);
    return { path, text, etag: etagOf(text) };
  } catch (error) {
    if (error instanceof ConfigFileProblem) throw error;
    const code = codeOf(error) === 'ENOENT' ? 'missing' : 'unreadable';
    throw new ConfigFileProblem(code, `Cannot read ${file}: ${whyUnreadable(error)}`, error);
  }
}

/** Octets that are no text would not survive an edit of what is around them. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Puts `text` in the place of a configuration, which must still be the one with `etag`. Whenever the process or the
 * machine stops, the file is the old or the new one, whole: the new text is on the disk before it gets its name. Mode and
 * owner stay, symbolic links are followed. Throws {@link ConfigFileProblem}, with the file as it was.
 */
export function writeConfigFile(file: string, text: string, etag: string): ConfigText {
  const path = targetOf(file);
  const why = whyNotWritable(file);
  if (why !== undefined) throw new ConfigFileProblem('not-writable', `Cannot write ${file}: ${why}`);
  const unlock = lockConfig(path);
  if (!unlock)
    throw new ConfigFileProblem('busy', `Cannot write ${file}: somebody else is writing it; try again`);
  const draft = join(dirname(path), `${draftPrefix(path)}${process.pid}`);
  try {
    return failing(file, () => {
      const now = currentEtag(path);
      if (now !== etag) {
        throw new ConfigFileProblem('changed', `Cannot write ${file}: it was changed since it was read`);
      }
      sweepDrafts(path);
      writeDraft(draft, path, text);
      renameSync(draft, path);
      syncFolder(dirname(path));
      return { path, text, etag: etagOf(text) };
    });
  } finally {
    rmSync(draft, { force: true });
    unlock();
  }
}

/** What the system throws comes out as a problem of that file. */
function failing<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof ConfigFileProblem) throw error;
    throw new ConfigFileProblem('failed', `Cannot write ${file}: ${reasonOf(error)}`, error);
  }
}

/** Why this process cannot put another file in the place of this one; undefined when it can. */
export function whyNotWritable(file: string): string | undefined {
  const path = targetOf(file);
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return `${whyUnreadable(error)} in ${folder}`;
  }
  const uid = process.geteuid?.() ?? 0;
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts || uid === 0) return undefined;
  if (facts.uid !== uid) return 'it belongs to somebody else, and would not any more';
  return undefined;
}

/** The file that a name leads to, whether it is there or not. */
function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // A link to nothing: what it names will be made.
  }
  try {
    return resolve(dirname(file), readlinkSync(file));
  } catch {
    return resolve(file);
  }
}

function currentEtag(path: string): string {
  try {
    return readConfigFile(path).etag;
  } catch (error) {
    if (error instanceof ConfigFileProblem && error.code === 'missing') return NO_FILE;
    throw error;
  }
}

/** Beside the file: a rename does not leave its file system. */
function draftPrefix(path: string): string {
  return `.${basename(path)}.new-`;
}

/** What killed ones left behind; drafts are written by who holds the lock, so that they are nobody's now. */
function sweepDrafts(path: string): void {
  const folder = dirname(path);
  const prefix = draftPrefix(path);
  for (const name of readdirSync(folder)) {
    const isDraft = name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
    if (isDraft || isLeftLock(path, name)) rmSync(join(folder, name), { force: true });
  }
}

/** `wx`: nobody has put a link in its place. */
function writeDraft(draft: string, path: string, text: string): void {
  const former = statSync(path, { throwIfNoEntry: false });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    const bytes = Buffer.from(text);
    let written = 0;
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    const own = fstatSync(fd);
    if (former && (former.uid !== own.uid || former.gid !== own.gid)) fchownSync(fd, former.uid, former.gid);
    // After the owner: a change of that takes bits away.
    fchmodSync(fd, former ? former.mode & 0o7777 : 0o644);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The file has its new text already: a folder that may not be read (mode -wx) only makes a power cut less certain. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Some file systems do not sync folders at all.
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'its owner or group could not be kept; do it as root',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EBUSY: 'it is mounted by itself; mount its folder instead, so that a new file can take its place',
  EXDEV: 'it is mounted by itself; mount its folder instead, so that a new file can take its place',
};

function reasonOf(error: unknown): string {
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
