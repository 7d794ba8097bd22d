import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { errnoName } from './beneath.ts';
import type { BootFolder, BootTree } from './boot-file.ts';

export type RelinkWish = {
  /** Of the tree: `pxelinux.cfg`. */
  readonly folder: string;
  /** Names of entries in the order in which a loader asks for them; the first that is there is the one. latin1 text. */
  readonly names: readonly string[];
  /** The entry of the same folder that it is to lead to. */
  readonly to: string;
  /** For the temporary name. */
  readonly randomHex: string;
};

/**
 * `none`: no such entry, or no such folder. `already`: it leads there. `refused`: the entry `name` stays as it is, and why:
 * `not-a-link`, `no-target` (nothing is served under that name), `not-permitted-to-write`, `link-error`; `detail` is for logs.
 */
export type RelinkOutcome =
  | { readonly kind: 'none' | 'already' }
  | { readonly kind: 'relinked'; readonly name: string; readonly from: string; readonly to: string }
  | { readonly kind: 'refused'; readonly name: string; readonly why: string; readonly detail?: string };

/** A handle of NFS that another server made stale; opened anew it is good. */
const STALE_RETRIES = 3;

/**
 * Points the link of a client to another file of its folder, at once: at no moment is there no link, and after a power cut
 * there is the old one or the new one. Links alone are replaced, and by nothing but the name of a file beside them.
 *
 *     relink(tree, { folder: 'pxelinux.cfg', names: ['C0A8000B'], to: 'default', randomHex: '5e1f' });
 *     // { kind: 'relinked', name: 'C0A8000B', from: 'default.netboot-7.2', to: 'default' }
 */
export function relink(tree: BootTree, wish: RelinkWish): RelinkOutcome {
  for (let tries = 0; ; tries++) {
    const opened = tree.folder(wish.folder);
    if (!opened.ok && opened.reason === 'not-found') return { kind: 'none' };
    const outcome = opened.ok
      ? inFolder(tree, wish, opened.value)
      : refused(wish.names[0] ?? wish.folder, opened.detail);
    if (outcome.kind !== 'refused' || outcome.detail !== 'ESTALE' || tries >= STALE_RETRIES) return outcome;
  }
}

function inFolder(tree: BootTree, wish: RelinkWish, folder: BootFolder): RelinkOutcome {
  let name = wish.names[0] ?? wish.folder;
  try {
    const found = wish.names.find((one) => isThere(folder, one));
    if (found === undefined) return { kind: 'none' };
    name = found;
    if (!lstatSync(folder.at(name)).isSymbolicLink()) return { kind: 'refused', name, why: 'not-a-link' };
    const to = servedName(tree, wish);
    if (to === undefined) return { kind: 'refused', name, why: 'no-target', detail: wish.to };
    const from = readlinkSync(folder.at(name), 'latin1');
    if (from === to) return { kind: 'already' };
    replace(folder, { name, to, draft: `.pxed-${wish.randomHex}.link` });
    return { kind: 'relinked', name, from, to };
  } catch (error) {
    return refused(name, errnoName(error));
  } finally {
    folder.close();
  }
}

function isThere(folder: BootFolder, name: string): boolean {
  return lstatSync(folder.at(name), { throwIfNoEntry: false }) !== undefined;
}

/** The target as the folder has it: where cases do not count for clients, they do for links. */
function servedName(tree: BootTree, { folder, to }: RelinkWish): string | undefined {
  if (to.includes('/') || to === '' || to === '.' || to === '..') return undefined;
  const prefix = folder === '' ? '' : `${folder}/`;
  const opened = tree.open(prefix + to);
  if (!opened.ok) return undefined;
  closeSync(opened.value.fd);
  const { path } = opened.value;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

type Replacement = { readonly name: string; readonly to: string; readonly draft: string };

function replace(folder: BootFolder, { name, to, draft }: Replacement): void {
  const target = Buffer.from(to, 'latin1');
  certain(
    () => symlinkSync(target, folder.at(draft)),
    () => leadsTo(folder, draft, to),
  );
  try {
    certain(
      () => renameSync(folder.at(draft), folder.at(name)),
      () => leadsTo(folder, name, to),
    );
  } catch (error) {
    remove(folder, draft);
    throw error;
  }
  syncFolder(folder);
}

/**
 * NFS asks again when an answer is lost, and the server may say EEXIST or ENOENT of what the first one did: what counts is
 * what is there.
 */
function certain(change: () => void, isDone: () => boolean): void {
  try {
    change();
  } catch (error) {
    const errno = errnoName(error);
    if ((errno !== 'EEXIST' && errno !== 'ENOENT') || !isDone()) throw error;
  }
}

function leadsTo(folder: BootFolder, name: string, to: string): boolean {
  try {
    return readlinkSync(folder.at(name), 'latin1') === to;
  } catch {
    return false;
  }
}

function remove(folder: BootFolder, name: string): void {
  try {
    unlinkSync(folder.at(name));
  } catch {
    // The folder cannot be written to any more.
  }
}

/** The new name outlasts a power cut, or the machine would be installed again. Some file systems sync no folders. */
function syncFolder(folder: BootFolder): void {
  try {
    const fd = openSync(folder.at(), constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The link is changed all the same.
  }
}

function refused(name: string, errno: string): RelinkOutcome {
  const forbidden = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
  return { kind: 'refused', name, why: forbidden ? 'not-permitted-to-write' : 'link-error', detail: errno };
}
