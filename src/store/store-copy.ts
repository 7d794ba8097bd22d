import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A copy of a store's file with its write-ahead log; `delete` when it is closed. */
export type StoreCopy = { readonly path: string; delete(): void };

/** A pxed that writes all the time is caught in between two writes soon enough. */
const MOST_TRIES = 20;

/**
 * Copies a store, so that it can be looked at while a pxed has it to itself: nothing is written or locked there. undefined
 * when there is none, or when it did not hold still. Throws what node:fs throws, as for a file that may not be read.
 */
export function copyStore(path: string): StoreCopy | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'pxed-state-'));
  const copy = { path: join(folder, 'store.db'), delete: () => rmSync(folder, { recursive: true }) };
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = stateOf(path);
      copyFileSync(path, copy.path);
      rmSync(`${copy.path}-wal`, { force: true });
      if (before.wal !== '') copyFileSync(`${path}-wal`, `${copy.path}-wal`);
      const after = stateOf(path);
      // Frames behind the last whole transaction are passed over by SQLite, so a longer log does no harm.
      if (before.main === after.main && before.wal === after.wal) return copy;
    }
  } catch (error) {
    copy.delete();
    throw error;
  }
  copy.delete();
  return undefined;
}

const WAL_HEADER = 32;

/** When the file was written last, and which log goes with it: its header changes when it begins anew. */
function stateOf(path: string): { readonly main: string; readonly wal: string } {
  const { mtimeNs, size } = statSync(path, { bigint: true });
  return { main: `${mtimeNs} ${size}`, wal: headOf(`${path}-wal`) };
}

function headOf(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.size) return '';
  const fd = openSync(path, 'r');
  try {
    const head = new Uint8Array(WAL_HEADER);
    readSync(fd, head, 0, WAL_HEADER, 0);
    return Buffer.from(head).toString('hex');
  } finally {
    closeSync(fd);
  }
}
