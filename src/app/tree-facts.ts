import { constants, type Dirent, type Stats } from 'node:fs';
import { open, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { isShim, SHIM_BYTES } from '../boot/efi-image.ts';
import { baseOf, configLanguage, type TreeFacts, type TreeFile, type TreeLink } from '../boot/tree.ts';
import { LOADER_NAME } from '../boot/tree-rules-table.ts';
import type { RunAs } from './run-as.ts';

export type TreeLook = {
  /** Names looked at. */
  readonly most: number;
  /** Time that it may take. */
  readonly budgetMs: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Absent: nothing is said of what cannot be read. */
  readonly mayRead?: (stats: Stats) => boolean;
};

const LOADER_HEAD_BYTES = 8192;
const CONFIG_BYTES = 65_536;
/** Octets that are read of all files. */
const MOST_READ = 32 * 1024 * 1024;
const MOST_UNREADABLE = 10;

/** What menus include, by the usual names. */
const INCLUDED = /\.(cfg|conf|inc|menu)$/;

/**
 * Looks at the names below `root`, the ones near the root first, and into the files that loaders ask for. It ends when all was
 * seen, or when it was enough (`complete` is false then): a tree may be a mirror of a distribution on a slow disk.
 * Never throws; what cannot be read is left out.
 */
export async function lookAtTree(root: string, look: TreeLook): Promise<TreeFacts> {
  const until = look.now() + look.budgetMs;
  const state: State = {
    root: await realRoot(root),
    look,
    files: [],
    links: [],
    unreadable: [],
    names: [],
    folderLinks: [],
    read: 0,
  };
  const waiting = [''];
  let complete = true;
  for (let folder = waiting.shift(); folder !== undefined && complete; folder = waiting.shift()) {
    for await (const entry of entriesOf(at(state.root, folder))) {
      if (state.names.length >= look.most || look.now() > until) {
        complete = false;
        break;
      }
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      state.names.push(path);
      if (await takeEntry(state, path, entry)) waiting.push(path);
    }
  }
  const { files, links, unreadable, names, folderLinks } = state;
  return { files, links, unreadable, names, folderLinks, complete };
}

/** May this user read it? By the mode alone: access lists are not looked at. */
export function readableBy({ uid, gid }: Pick<RunAs, 'uid' | 'gid'>): (stats: Stats) => boolean {
  return (stats) => {
    if (uid === 0) return true;
    const bits = stats.uid === uid ? stats.mode >> 6 : stats.gid === gid ? stats.mode >> 3 : stats.mode;
    const wanted = stats.isDirectory() ? 0o5 : 0o4;
    return (bits & wanted) === wanted;
  };
}

type State = {
  /** Real path; latin1 text of its octets, as all paths are. */
  readonly root: string;
  readonly look: TreeLook;
  readonly files: TreeFile[];
  readonly links: TreeLink[];
  readonly unreadable: string[];
  readonly names: string[];
  readonly folderLinks: string[];
  /** Octets that were read. */
  read: number;
};

/** True: a folder to look into. */
async function takeEntry(state: State, path: string, entry: Dirent): Promise<boolean> {
  if (entry.isSymbolicLink()) {
    await takeLink(state, path);
    return false;
  }
  const { mayRead } = state.look;
  if (mayRead && state.unreadable.length < MOST_UNREADABLE) {
    const stats = await statOf(state, path);
    if (stats && !mayRead(stats)) {
      state.unreadable.push(path);
      return false;
    }
  }
  if (entry.isFile()) await takeFile(state, path);
  return entry.isDirectory();
}

async function takeLink(state: State, path: string): Promise<void> {
  const target = await readlink(at(state.root, path), 'latin1').catch(() => '?');
  const real = await realpath(at(state.root, path), 'latin1').catch(() => undefined);
  if (real === undefined) {
    state.links.push({ path, target, why: 'dangling' });
    return;
  }
  if (real !== state.root && !real.startsWith(`${state.root === '/' ? '' : state.root}/`)) {
    state.links.push({ path, target, why: 'outside' });
    return;
  }
  const stats = await statOf(state, path);
  if (stats?.isDirectory()) state.folderLinks.push(path);
  // What a link to a configuration beside it names is told of that one.
  const isTold = configLanguage(path) !== undefined && isBeside(real, at(state.root, path));
  if (stats?.isFile() && !isTold) await takeFile(state, path);
}

/** Is it a link to another file of its own folder? */
function isBeside(real: string, link: Buffer): boolean {
  const folder = (path: string) => path.slice(0, path.lastIndexOf('/'));
  return folder(real) === folder(link.toString('latin1'));
}

async function takeFile(state: State, path: string): Promise<void> {
  const base = baseOf(path);
  const isConfig = configLanguage(path) !== undefined || INCLUDED.test(base);
  const isModule = /\.c32$/.test(base);
  if (!isConfig && !isModule && !LOADER_NAME.test(base)) return;
  const size = (await statOf(state, path))?.size;
  if (size === undefined) return;
  const maybeShim = /^(boot|shim)[^/]*\.efi(\.signed)?$/.test(base);
  const most = isConfig ? CONFIG_BYTES : maybeShim ? SHIM_BYTES : LOADER_HEAD_BYTES;
  const length = Math.min(size, most);
  const isRead = length > 0 && state.read + length <= MOST_READ;
  if (isRead) state.read += length;
  const octets = isRead ? await headOf(at(state.root, path), length) : undefined;
  const head = isConfig ? octets : octets?.slice(0, LOADER_HEAD_BYTES);
  state.files.push({
    path,
    size,
    ...(head && { head }),
    ...(maybeShim && octets && isShim(octets) && { shim: true as const }),
  });
}

async function headOf(path: Buffer, most: number): Promise<Uint8Array | undefined> {
  // Without O_NONBLOCK, opening a FIFO that took the file's place would wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!file) return undefined;
  try {
    const buffer = new Uint8Array(most);
    let length = 0;
    for (let got = 1; got > 0 && length < most; length += got) {
      got = (await file.read(buffer, length, most - length, length)).bytesRead;
    }
    return buffer.slice(0, length);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

async function statOf(state: State, path: string): Promise<Stats | undefined> {
  return await stat(at(state.root, path)).catch(() => undefined);
}

async function* entriesOf(folder: Buffer): AsyncGenerator<Dirent> {
  try {
    // Names are octets of an unknown encoding.
    yield* await opendir(folder, { encoding: 'latin1' });
  } catch {
    // It is gone, or closed to us.
  }
}

async function realRoot(root: string): Promise<string> {
  return await realpath(root, 'latin1').catch(() => Buffer.from(root).toString('latin1'));
}

function at(root: string, path: string): Buffer {
  return Buffer.from(path === '' ? root : `${root}/${path}`, 'latin1');
}
