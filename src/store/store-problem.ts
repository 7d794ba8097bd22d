/**
 * Why a lease store cannot be used: `locked` by another process, `damaged`, written by a `newer` pxed, `foreign` (not a
 * lease store at all), or `unusable` for any other reason of the file system.
 */
export type StoreFault = 'locked' | 'damaged' | 'newer' | 'foreign' | 'unusable';

/** Carries the fault, the file, and its cause. */
export class StoreProblem extends Error {
  readonly fault: StoreFault;
  readonly path: string;

  constructor(fault: StoreFault, path: string, options: { detail: string; cause?: unknown }) {
    super(`${path}: ${options.detail}`, { cause: options.cause });
    this.name = 'StoreProblem';
    this.fault = fault;
    this.path = path;
  }
}

/** SQLite's result codes (https://sqlite.org/rescode.html) that say more than "it failed"; the low octet of extended ones. */
const BUSY = 5;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;
const WORDS: Readonly<Record<number, string>> = {
  8: 'it may not be written to',
  10: 'the disk does not read or write',
  13: 'the disk is full',
  14: 'it cannot be opened',
};

/** What SQLite or the file system threw, as a problem of that file. */
export function asStoreProblem(path: string, cause: unknown): StoreProblem {
  if (cause instanceof StoreProblem) return cause;
  const code = sqliteCode(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  if (code === BUSY) return new StoreProblem('locked', path, { detail: 'another process uses it', cause });
  if (code === CORRUPT || code === NOTADB) return new StoreProblem('damaged', path, { detail: said, cause });
  const words = code === undefined ? undefined : WORDS[code];
  return new StoreProblem('unusable', path, { detail: words ? `${words} (${said})` : said, cause });
}

/** Did SQLite find no room on the disk? */
export function isDiskFull(cause: unknown): boolean {
  return sqliteCode(cause) === FULL;
}

function sqliteCode(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
}
