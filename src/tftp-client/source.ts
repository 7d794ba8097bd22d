import { TftpError } from '../lib/tftp-error.ts';
import type { Source } from './face.ts';

/** Octets to send, brought up as they are wanted. */
export type Octets = {
  /** Where it is known beforehand. */
  readonly sizeBytes: number | undefined;
  /**
   * Copies octets into `into`; 0 when none are here just now: {@link Octets.more} tells when to ask again. -1 at the end. Throws when they
   * cannot be read.
   */
  read(into: Uint8Array): number;
  more(): Promise<void>;
  /** Begins anew, where that can be done. */
  rewind?(): void;
  close(): Promise<void>;
};

/** Opens a source. Rejects with TftpError, reason `local-file`. */
export async function openSource(source: Source): Promise<Octets> {
  if (typeof source === 'string') return openFile(source);
  if (source instanceof Uint8Array) return ofBytes(source);
  return ofStream(source);
}

function ofBytes(bytes: Uint8Array): Octets {
  let at = 0;
  return {
    sizeBytes: bytes.length,
    read(into) {
      if (at === bytes.length) return -1;
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    more: async () => {},
    rewind() {
      at = 0;
    },
    close: async () => {},
  };
}

const READ_BYTES = 256 * 1024;

async function openFile(path: string): Promise<Octets> {
  // An import would load all parts of it, which takes longer than a small transfer.
  const fs = process.getBuiltinModule('node:fs');
  let fd: number;
  let sizeBytes: number;
  try {
    const facts = fs.statSync(path);
    if (facts.isDirectory()) throw unreadable(path, { code: 'EISDIR' });
    // A pipe is opened when somebody writes into it: not by this thread.
    if (!facts.isFile()) return ofStream(fs.createReadStream(path));
    fd = fs.openSync(path, 'r');
    sizeBytes = fs.fstatSync(fd).size;
  } catch (cause) {
    throw cause instanceof TftpError ? cause : unreadable(path, cause);
  }
  const memory = new Uint8Array(READ_BYTES);
  let buffer = memory.subarray(0, 0);
  let at = 0;
  /** Of the file, behind the buffer. */
  let position = 0;
  return {
    sizeBytes,
    read(into) {
      if (at === buffer.length) {
        try {
          buffer = memory.subarray(0, fs.readSync(fd, memory, 0, memory.length, position));
        } catch (cause) {
          throw unreadable(path, cause);
        }
        position += buffer.length;
        at = 0;
        if (buffer.length === 0) return -1;
      }
      const part = buffer.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    more: async () => {},
    rewind() {
      buffer = memory.subarray(0, 0);
      at = 0;
      position = 0;
    },
    close: async () => fs.closeSync(fd),
  };
}

function ofStream(stream: AsyncIterable<Uint8Array>): Octets {
  const iterator = stream[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  let at = 0;
  let ended = false;
  let failure: unknown;
  let coming: Promise<void> | undefined;

  async function fetchNext(): Promise<void> {
    try {
      const next = await iterator.next();
      if (next.done) ended = true;
      else {
        chunk = asOctets(next.value);
        at = 0;
      }
    } catch (error) {
      failure = unreadable('the source', error);
    }
    coming = undefined;
  }

  return {
    sizeBytes: undefined,
    read(into) {
      if (at === chunk.length) {
        if (failure !== undefined) throw failure;
        return ended ? -1 : 0;
      }
      const part = chunk.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    more() {
      coming ??= fetchNext();
      return coming;
    },
    async close() {
      // Not awaited: it stands behind a read that may never end.
      if (!ended && failure === undefined) iterator.return?.().catch(() => {});
    },
  };
}

function asOctets(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('Cannot send what is no Uint8Array');
}

function unreadable(what: string, cause: unknown): TftpError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TftpError(`Cannot read ${what}: ${code ?? message}`, { reason: 'local-file', cause });
}
