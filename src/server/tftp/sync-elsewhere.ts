import type { Sync } from '../../store/upload.ts';

/** fsync(2) for a thread that must not wait for a disk: another one does it and sends word. */
export type SyncElsewhere = {
  readonly sync: Sync;
  /** Word came. One that nobody waits for any more is passed over. */
  synced(id: number, errno: string | undefined): void;
};

/** `ask` has `fd` synced in another thread of this process, which answers by {@link SyncElsewhere.synced}. */
export function createSyncElsewhere(ask: (id: number, fd: number) => void): SyncElsewhere {
  const waiting = new Map<number, (errno: string | undefined) => void>();
  let last = 0;
  return {
    sync(fd, done) {
      waiting.set(++last, done);
      ask(last, fd);
    },
    synced(id, errno) {
      const done = waiting.get(id);
      waiting.delete(id);
      done?.(errno);
    },
  };
}
