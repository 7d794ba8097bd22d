import { closeSync, createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { BootFile, BootTree } from './boot-file.ts';
import { type HashAlgorithm, hashDescriptor } from './file-hash.ts';
import { refusal } from './file-problem.ts';

/** Octets of a file, `end` not included. */
export type FileRange = { readonly start?: number; readonly end?: number };

/** A file that is open; read it to its end or destroy the stream. */
export type OpenedFile = {
  /** Of the whole file. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly octets: Readable;
};

const PIECE_BYTES = 256 * 1024;

/** Opens a file for reading in order. Throws FileNotFound. */
export function readOpened(tree: BootTree, path: string, { start = 0, end }: FileRange = {}): OpenedFile {
  const { fd, sizeBytes, mtimeMs } = openFile(tree, path);
  const facts = { sizeBytes, modifiedMs: Math.round(mtimeMs) };
  const last = Math.min(end ?? sizeBytes, sizeBytes) - 1;
  if (last < start) {
    closeSync(fd);
    return { ...facts, octets: Readable.from([]) };
  }
  return { ...facts, octets: createReadStream('', { fd, start, end: last, highWaterMark: PIECE_BYTES }) };
}

/** Hash of a whole file, lower-case hex. Throws FileNotFound. */
export async function hashFile(
  tree: BootTree,
  path: string,
  { algorithm, signal }: { readonly algorithm: HashAlgorithm; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const { fd } = openFile(tree, path);
  try {
    return await hashDescriptor(fd, algorithm, signal);
  } finally {
    closeSync(fd);
  }
}

function openFile(tree: BootTree, path: string): BootFile {
  const opened = tree.open(path);
  if (!opened.ok) throw refusal(path, opened);
  return opened.value;
}
