import { folderOf, macFileName } from '../../boot/lookups.ts';
import { DONE_FILE } from '../../boot/profile.ts';
import type { BootEvent, Emit } from '../../events/event.ts';
import { hexIpv4, parseIpv4 } from '../../lib/ipv4.ts';
import type { Mac } from '../../lib/mac.ts';
import type { BootTree } from '../../store/boot-file.ts';
import { relink } from '../../store/relink.ts';
import { deliveryOf } from './delivery.ts';

export type RelinkParts = {
  /** Opened for this, so that a reload may change the root. */
  readonly openTree: () => BootTree;
  /** Paths of the loaders that are given out: beside each lies its `pxelinux.cfg`. */
  readonly loaders: readonly string[];
  /** The file of that folder that links are to lead to: the one that starts the disk. */
  readonly to: string;
  readonly machineOf: (peer: string) => Mac | undefined;
  readonly emit: Emit;
  readonly randomHex: () => string;
};

/** Never throws. */
export type Relinker = {
  /** A fact of the servers: a listener of the bus. */
  hear(event: BootEvent): void;
  /** Whoever has that address posts to `path`; false when that is not the done file. */
  reportedBy(peer: string, path: string): boolean;
};

/**
 * Installing once as the PXE-Kickstart HOWTO has it: a link of its own, `pxelinux.cfg/C0A8000B`, leads a machine to the
 * configuration that installs it; when it has fetched the done file, the link is made to lead to its disk.
 *
 * Links of one machine alone are touched: by its MAC, or its whole address. What leads a whole network stays.
 */
export function createRelinker(parts: RelinkParts): Relinker {
  const folders = [...new Set(['', ...parts.loaders.map(folderOf)])].map((folder) => `${folder}pxelinux.cfg`);

  function repoint(peer: string): void {
    const names = namesOf(peer, parts.machineOf(peer));
    if (names.length === 0) return;
    const tree = parts.openTree();
    try {
      for (const folder of folders) {
        const wish = { folder, names, to: parts.to, randomHex: parts.randomHex() };
        const outcome = relink(tree, wish);
        if (outcome.kind === 'relinked') {
          const { name, from, to } = outcome;
          parts.emit({ type: 'boot.relinked', peer, link: `${folder}/${name}`, from, to });
        } else if (outcome.kind === 'refused') {
          const { name, why, detail } = outcome;
          parts.emit({
            type: 'boot.not-relinked',
            ...{ peer, link: `${folder}/${name}`, why },
            ...(detail !== undefined && { detail }),
          });
        }
      }
    } finally {
      tree.close();
    }
  }

  function isInstalled(peer: string): void {
    try {
      repoint(peer);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      parts.emit({ type: 'boot.not-relinked', peer, link: folders[0]!, why: 'link-error', detail });
    }
  }

  return {
    hear(event) {
      const delivery = deliveryOf(event);
      if (delivery?.names.some(isDoneFile)) isInstalled(delivery.peer);
    },
    reportedBy(peer, path) {
      if (!isDoneFile(path)) return false;
      isInstalled(peer);
      return true;
    },
  };
}

/** In any folder of the tree. */
function isDoneFile(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1) === DONE_FILE;
}

/** As PXELINUX asks, the names of a machine's own. */
function namesOf(peer: string, mac: Mac | undefined): readonly string[] {
  const ip = parseIpv4(peer);
  return [...(mac === undefined ? [] : [macFileName(mac)]), ...(ip === undefined ? [] : [hexIpv4(ip)])];
}
