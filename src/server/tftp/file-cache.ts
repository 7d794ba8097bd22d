import { closeSync } from 'node:fs';
import type { Content, NetError, Outcome } from '../../net/datagram.ts';
import type { PageCache } from '../../net/files.ts';
import type { BootFile } from '../../store/boot-file.ts';
import { isUnchanged } from '../../store/file-identity.ts';

/** A file that some transfers read; one mapping for all of them. Give it back by {@link FileCache.release}. */
export type SharedFile = {
  readonly file: BootFile;
  readonly content: Content;
  /** Of the cache: how many use it, and since when nobody does. */
  users: number;
  idleSince: number;
  /** Octets from the beginning that were seen in the page cache, and that the system was asked to read. */
  warmTo: number;
  askedTo: number;
};

export type FileCache = {
  /** Takes over `file.fd`: keeps it, or closes it when the very same file is open already. */
  share(file: BootFile): Outcome<SharedFile>;
  release(shared: SharedFile, now: number): void;
  /** Closes what nobody used for a while. */
  trim(now: number): void;
  /** More files are idle than are kept: some had better go before another one is opened. */
  readonly isCrowded: boolean;
  /**
   * Closes files that nobody uses, those first that were opened first: down to half of what is kept, or all of them (`every`).
   * `isSent`: whatever was laid out has left the sockets; else those used lately stay. Was any closed?
   */
  makeRoom(now: number, room: { readonly every: boolean; readonly isSent: boolean }): boolean;
  /** Are the octets up to `end` in memory? When not, the system is asked to read them, and some beyond. */
  isWarm(shared: SharedFile, end: number): boolean;
  /** Was the file neither cut nor rewritten since it was opened? Asked before a transfer ends. */
  isIntact(shared: SharedFile): boolean;
  readonly openFiles: number;
  /** Closes everything; no transfer may be left. */
  close(): void;
};

/** What of a network makes contents. */
export type ContentSource = {
  openContent(fd: number, sizeBytes: number): Outcome<Content>;
  closeContent(content: Content): void;
  readonly pageCache?: PageCache | undefined;
};

/** A boot asks for its files within seconds; after that an idle mapping is address space, and an inode that cannot be freed. */
const IDLE_MS = 30_000;
const MAX_IDLE_FILES = 256;
/** What a full socket buffer still holds back may point into a file that nobody uses any more. */
const SETTLE_MS = 1_000;
/** What the disk reads ahead of the clients: at 100 MB/s 40 ms, a dozen round trips of a window. */
const READ_AHEAD_BYTES = 4 << 20;
const LOOK_BYTES = 1 << 20;

/**
 * Open files by path. A file that is replaced (renamed over, rewritten, grown) has another identity, and new transfers get
 * the new one. Those that run finish with the old one where that is still there; of one rewritten in place they would get a
 * mixture, and end with an error instead.
 */
export function createFileCache(source: ContentSource, maxIdleBytes: number): FileCache {
  /** In the order of use, the latest last. */
  const byPath = new Map<string, SharedFile>();
  /** Replaced in the tree, still used or just given back. */
  const replaced = new Set<SharedFile>();
  let idle = 0;

  function dispose(shared: SharedFile): void {
    if (!replaced.delete(shared)) byPath.delete(shared.file.path);
    if (shared.users === 0) idle--;
    source.closeContent(shared.content);
    closeSync(shared.file.fd);
  }

  function reuse(known: SharedFile, file: BootFile): SharedFile | undefined {
    byPath.delete(file.path);
    if (known.file.identity !== file.identity) {
      replaced.add(known);
      return undefined;
    }
    closeSync(file.fd);
    if (known.users++ === 0) idle--;
    byPath.set(file.path, known);
    return known;
  }

  function openAnew(file: BootFile): Outcome<SharedFile> {
    const content = source.openContent(file.fd, file.sizeBytes);
    if (!content.ok) {
      closeSync(file.fd);
      return content;
    }
    const shared = { file, content: content.value, users: 1, idleSince: 0, warmTo: 0, askedTo: 0 };
    byPath.set(file.path, shared);
    return { ok: true, value: shared };
  }

  function trim(now: number): void {
    let files = 0;
    let bytes = 0;
    const candidates = [...[...byPath.values()].reverse(), ...replaced];
    for (const shared of candidates) {
      const idleMs = now - shared.idleSince;
      if (shared.users > 0 || idleMs < SETTLE_MS) continue;
      files++;
      bytes += shared.content.sizeBytes;
      const surplus = files > MAX_IDLE_FILES || bytes > maxIdleBytes;
      if (surplus || idleMs > IDLE_MS || replaced.has(shared)) dispose(shared);
    }
  }

  function closeIdle(files: Iterable<SharedFile>, { keep, until }: { keep: number; until: number }): void {
    for (const shared of files) {
      if (idle <= keep) return;
      if (shared.users === 0 && shared.idleSince <= until) dispose(shared);
    }
  }

  /** Asked once for each part of the file, by whoever gets there first; pages that go again later cost a wait. */
  function lookFurther(shared: SharedFile, end: number): boolean {
    const { pageCache } = source;
    const { fd, sizeBytes } = shared.file;
    const wanted = Math.min(end, sizeBytes);
    while (pageCache !== undefined && shared.warmTo < wanted) {
      const length = Math.min(LOOK_BYTES, sizeBytes - shared.warmTo);
      const seen = pageCache.cachedFrom(fd, shared.warmTo, length);
      shared.warmTo += seen;
      if (seen < length || shared.askedTo > 0) readAhead(pageCache, shared);
      if (seen < length) return shared.warmTo >= wanted;
    }
    return true;
  }

  return {
    isWarm: (shared, end) => end <= shared.warmTo || lookFurther(shared, end),
    share(file) {
      const known = byPath.get(file.path);
      const reused = known && reuse(known, file);
      return reused ? { ok: true, value: reused } : openAnew(file);
    },
    release(shared, now) {
      if (--shared.users === 0) idle++;
      shared.idleSince = now;
    },
    trim,
    get isCrowded() {
      return idle > MAX_IDLE_FILES;
    },
    makeRoom(now, { every, isSent }) {
      const before = idle;
      // Half, so that it is seldom: each time costs the batch a flush of its own.
      const bounds = { keep: every ? 0 : MAX_IDLE_FILES / 2, until: isSent ? now : now - SETTLE_MS };
      closeIdle(replaced, bounds);
      closeIdle(byPath.values(), bounds);
      return idle < before;
    },
    isIntact: ({ file }) => isUnchanged(file),
    get openFiles() {
      return byPath.size + replaced.size;
    },
    close() {
      for (const shared of [...byPath.values(), ...replaced]) dispose(shared);
    },
  };
}

/** The next part is asked for while half of the one before is still to be sent. */
function readAhead(pageCache: PageCache, shared: SharedFile): void {
  const { fd, sizeBytes } = shared.file;
  if (shared.askedTo >= sizeBytes || shared.warmTo + READ_AHEAD_BYTES / 2 < shared.askedTo) return;
  const from = Math.max(shared.askedTo, shared.warmTo);
  pageCache.readAhead(fd, from, READ_AHEAD_BYTES);
  shared.askedTo = from + READ_AHEAD_BYTES;
}

/** `ENOMEM (mmap)`: for logs. */
export function describeNetError(error: NetError): string {
  return `${error.errno} (${error.operation})`;
}
