import type { LiveTransfer } from '../live-transfer.ts';

/** Looks at another thread's transfers, each of which is answered, or given up. */
export type Looks = {
  /** undefined: no answer came in time. */
  ask(send: (id: number) => void): Promise<readonly LiveTransfer[] | undefined>;
  answered(id: number, transfers: readonly LiveTransfer[]): void;
  /** Nobody will answer any more. */
  end(): void;
};

/** A thread that serves answers within a turn; one that hangs must not make whoever looks wait for ever. */
const PATIENCE_MS = 2000;

export function createLooks(): Looks {
  const waiting = new Map<number, (transfers: readonly LiveTransfer[] | undefined) => void>();
  let last = 0;
  return {
    ask(send) {
      const id = ++last;
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiting.get(id)?.(undefined), PATIENCE_MS);
        waiting.set(id, (transfers) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(transfers);
        });
        send(id);
      });
    },
    answered: (id, transfers) => waiting.get(id)?.(transfers),
    end() {
      for (const answer of [...waiting.values()]) answer([]);
    },
  };
}
