/** Who gets the octets of a file. */
export type Consumer = {
  /** The chunk is the consumer's from now on. */
  put(chunk: Uint8Array): void;
  /** A chunk that it was given and needs no more. */
  spare?(): Uint8Array | undefined;
  /** A promise while it cannot take more; rejects when it never will again. */
  held(): Promise<void> | undefined;
  /** All octets came. Resolves when they are where they belong. */
  end(): Promise<void>;
  /** The transfer failed: nothing of it stays. */
  discard(): Promise<void>;
};
