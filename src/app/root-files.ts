import { closeSync } from 'node:fs';
import type { FileExists } from '../boot/settings.ts';
import { type BootTreeOptions, createBootTree } from '../store/boot-tree.ts';

const KEEP_MS = 1000;
const REMEMBER_MOST = 1000;

export type RootFilesOptions = BootTreeOptions & {
  /** Milliseconds, never going back. */
  readonly now?: () => number;
};

/**
 * Does the boot root have this file, for whom TFTP serves? It asks as TFTP does: other cases may count
 * (`EFI/BOOT/BOOTX64.EFI` is a `bootx64.efi`), what lies outside of the root or cannot be read does not. Answers are
 * kept for a second, so that a storm of clients asks the disk once.
 */
export function createRootFiles(root: string, options: RootFilesOptions = {}): FileExists {
  const now = options.now ?? (() => performance.now());
  const known = new Map<string, { exists: boolean; until: number }>();
  return (path) => {
    const before = known.get(path);
    if (before && before.until > now()) return before.exists;
    if (known.size >= REMEMBER_MOST) known.clear();
    const exists = isServed(root, path.replace(/^\/+/, ''), options);
    known.set(path, { exists, until: now() + KEEP_MS });
    return exists;
  };
}

function isServed(root: string, path: string, options: BootTreeOptions): boolean {
  try {
    const tree = createBootTree(root, options);
    const opened = tree.open(path);
    if (opened.ok) closeSync(opened.value.fd);
    tree.close();
    return opened.ok;
  } catch {
    return false; // the root is gone
  }
}
