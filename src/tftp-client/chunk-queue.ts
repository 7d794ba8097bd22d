import type { Consumer } from './consumer.ts';

const MOST_WAITING = 4;

/** Chunks on their way to a loop that takes them one by one. */
export type ChunkQueue = Consumer & {
  /** The next chunk; undefined at the end. Rejects with what the queue failed with. */
  next(): Promise<Uint8Array | undefined>;
  /** Ends it with an error. */
  fail(error: unknown): void;
  /** Nobody takes chunks any more. */
  leave(): void;
};

export function createChunkQueue(): ChunkQueue {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let left = false;
  let failure: { readonly error: unknown } | undefined;
  let arrived: (() => void) | undefined;
  let taken: (() => void) | undefined;

  return {
    put(chunk) {
      if (!left) chunks.push(chunk);
      arrived?.();
    },
    held() {
      if (left || chunks.length < MOST_WAITING) return undefined;
      return new Promise((resolve) => {
        taken = resolve;
      });
    },
    async end() {
      ended = true;
      arrived?.();
    },
    async discard() {},
    fail(error) {
      failure = { error };
      arrived?.();
    },
    leave() {
      left = true;
      taken?.();
    },
    async next() {
      while (chunks.length === 0 && !ended && failure === undefined) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
      const chunk = chunks.shift();
      taken?.();
      if (chunk === undefined && failure !== undefined) throw failure.error;
      return chunk;
    },
  };
}
