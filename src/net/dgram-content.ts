import { readSync } from 'node:fs';
import type { Content } from './datagram.ts';

/** File contents read when a datagram needs them. */
export class FileContent implements Content {
  readonly sizeBytes: number;
  readonly #fd: number;

  constructor(fd: number, sizeBytes: number) {
    this.#fd = fd;
    this.sizeBytes = sizeBytes;
  }

  /** Fills `into` from `offset`; false when the file is no longer that long or cannot be read. */
  readInto(into: Uint8Array, offset: number): boolean {
    let done = 0;
    while (done < into.length) {
      let count: number;
      try {
        count = readSync(this.#fd, into, done, into.length - done, offset + done);
      } catch {
        return false;
      }
      if (count === 0) return false;
      done += count;
    }
    return true;
  }
}
