/** What the file source promises to the servers; boot-tree.ts keeps it. */

/** A regular file of the tree, open for reading. The caller owns `fd` and closes it. */
export type BootFile = {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Changes when the file is replaced, grows or is rewritten: device, inode, size and mtime in nanoseconds. */
  readonly identity: string;
  /** Path below the root that won (its case may differ from what was asked), latin1, no leading slash. */
  readonly path: string;
};

/**
 * - `not-found`: missing, a directory, a device or FIFO, an upload under way, or outside the root (which is not disclosed;
 *   `detail` says).
 * - `access`: the file's permissions refuse us.
 * - `too-many-files`: EMFILE or ENFILE.
 * - `read-error`: anything else of the file system.
 */
export type OpenRefusal = 'not-found' | 'access' | 'too-many-files' | 'read-error';

/** `detail` is for logs, never for the wire. */
export type Opened<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: OpenRefusal; readonly detail: string };

/**
 * openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS and O_CLOEXEC: opens `path` (latin1 text of its octets,
 * relative) below the directory `rootFd`. Gives a file descriptor, or the name of the errno (`ENOENT`, `EXDEV`, …).
 * `flags` are those of open(2) without O_CREAT.
 */
export type OpenBeneath = (rootFd: number, path: string, flags: number) => number | string;

/** The served directory. All calls are synchronous: a TFTP worker is a blocking loop. */
export type BootTree = {
  readonly root: string;
  /** How names are kept inside the root: by the kernel, or by comparing real paths. */
  readonly confinement: 'openat2' | 'realpath';
  /** Opens a path as {@link BootFile.path} has it: relative, `/` between components, no `.` or `..`. */
  open(path: string): Opened<BootFile>;
  /** Opens an existing folder, exact in case; `''` is the root. It stays the same folder while held. */
  folder(path: string): Opened<BootFolder>;
  close(): void;
};

export type BootFolder = {
  /** The path of an entry for node:fs calls; `name` is latin1 text without a slash; none: the folder itself. */
  at(name?: string): Buffer;
  close(): void;
};
