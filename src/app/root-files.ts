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
  const known = new Map<string, { size: number | undefined; until: number }>();
  function sizeOf(path: string): number | undefined {
    const before = known.get(path);
    if (before && before.until > now()) return before.size;
    if (known.size >= REMEMBER_MOST) known.clear();
    const size = servedSize(root, path.replace(/^\/+/, ''), options);
    known.set(path, { size, until: now() + KEEP_MS });
    return size;
  }
  return Object.assign((path: string) => sizeOf(path) !== undefined, { sizeOf });
}

/** Octets of a file that is served, undefined for any other. */
function servedSize(root: string, path: string, options: BootTreeOptions): number | undefined {
  try {
    const tree = createBootTree(root, options);
    const opened = tree.open(path);
    if (opened.ok) closeSync(opened.value.fd);
    tree.close();
    return opened.ok ? opened.value.sizeBytes : undefined;
  } catch {
    return undefined; // the root is gone
  }
}
