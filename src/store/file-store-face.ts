import type { OpenBeneath } from './boot-file.ts';
import type { RenameOptions } from './file-changes.ts';
import type { FileEntry } from './file-entry.ts';
import type { FileReader, FileWriter } from './file-handle.ts';
import type { HashAlgorithm } from './file-hash.ts';
import type { PutOptions, PutResult } from './file-put.ts';
import type { FileRange, OpenedFile } from './file-reading.ts';
import type { FileSource } from './file-source.ts';
import type { StorageSettings } from './other-storage.ts';
import type { FetchOptions } from './remote-file.ts';

export type FileStoreOptions = {
  /** The folder; a pxed may be serving it. */
  readonly root: string;
  /** Make the root where it is missing. */
  readonly create?: boolean;
  /** openat2(2) where there is one: the kernel then keeps every name inside; else real paths are compared. */
  readonly openBeneath?: OpenBeneath | Promise<OpenBeneath | undefined>;
};

export type PutFromOptions = PutOptions &
  Pick<FetchOptions, 'allow'> & { readonly storage?: StorageSettings };

/**
 * The files below one folder. Names are relative to it, with or without a slash in front; none leads out of it, by `..` or by
 * links: that is TftpError `outside-root`, or FileNotFound. All that can go wrong rejects with a TftpError whose `reason`
 * says it: see FileReason.
 */
export type FileStore = AsyncDisposable & {
  readonly root: string;
  /**
   * Stores octets, in folders made as needed. Whole or not at all, read back before it is seen, left alone where the file has these
   * octets already.
   */
  put(path: string, source: FileSource, options?: PutOptions): Promise<PutResult>;
  /** The same from a file of this machine, by its own name unless `path` says another. */
  putLocal(local: string, path?: string, options?: PutOptions): Promise<PutResult>;
  /** The same from an http(s) URL, or any storage of OpenDAL's: `s3://bucket/path`. */
  putFrom(url: string, path: string, options?: PutFromOptions): Promise<PutResult>;
  get(path: string, range?: FileRange): Promise<OpenedFile>;
  /** A whole file in memory. */
  read(path: string): Promise<Uint8Array>;
  /** Into a file of this machine, as {@link put} does it: whole or not at all. */
  getLocal(path: string, local: string, options?: PutOptions): Promise<PutResult>;
  /** To an http(s) URL, by PUT. */
  sendTo(path: string, url: string, signal?: AbortSignal): Promise<void>;
  /** Octets here and there. */
  open(path: string): Promise<FileReader>;
  create(path: string, options?: RenameOptions): Promise<FileWriter>;
  stat(path: string): Promise<FileEntry>;
  exists(path: string): Promise<boolean>;
  /** What is in a folder, by name; in the root when none is named. */
  list(folder?: string): Promise<FileEntry[]>;
  /** All that is below it. Links are told and not followed. */
  scan(folder?: string): AsyncGenerator<FileEntry>;
  /** Lower-case hex; SHA-256 unless `md5` is asked for. */
  hash(path: string, algorithm?: HashAlgorithm, signal?: AbortSignal): Promise<string>;
  /** Has the file this SHA-256? False also where there is none. */
  check(path: string, sha256: string): Promise<boolean>;
  copy(from: string, to: string, options?: PutOptions): Promise<PutResult>;
  /** Files, links and folders, in one step. A folder is never replaced. */
  rename(from: string, to: string, options?: RenameOptions): Promise<void>;
  /** And the folders above it. False where it is there already. */
  mkdir(folder: string): Promise<boolean>;
  /** A file, a link, an empty folder. */
  remove(path: string): Promise<void>;
  /** A folder with all in it, or a file. How many it were. */
  removeAll(path: string, signal?: AbortSignal): Promise<number>;
  /** Files and folders that came to be by this store and are still there by its reckoning, oldest first. */
  createdResources(): string[];
  /** Done with it; `removeCreated`: what it made, and nobody replaced, goes. The paths that went. */
  close(options?: { readonly removeCreated?: boolean }): Promise<string[]>;
};
