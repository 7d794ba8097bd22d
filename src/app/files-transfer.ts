import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { formatBytes } from '../lib/size.ts';
import { TftpError } from '../lib/tftp-error.ts';
import type { FileOperations, Stored } from '../server/control/file-routes.ts';
import { createFileStore } from '../store/file-store.ts';
import type { StorageSettings } from '../store/other-storage.ts';
import { ControlProblem } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import type { UploadWish } from './file-client.ts';
import { type FilesQuestion, intoFolder } from './files-report.ts';
import { openPutSource, type PutSource, sourceName } from './files-source.ts';
import { printJson } from './output/json.ts';
import { harmless } from './output/table.ts';

/** How far a file is; shown where somebody looks. */
export type Meter = {
  update(progress: { bytes: number; totalBytes?: number; bytesPerSecond: number }): void;
  clear(): void;
};

export type TransferIo = ReportIo & {
  /** Where `get … -` goes to. */
  readonly stdout: NodeJS.WritableStream;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly meter: (name: string) => Meter;
  readonly signal: AbortSignal;
};

export type PutQuestion = FilesQuestion & {
  /** A path of this machine, `-`, a URL, or a name of other storage. */
  readonly source: string;
  /** Where to; the source's own name when left out. */
  readonly path?: string | undefined;
  readonly overwrite: boolean;
  readonly sha256?: string;
  /** pxed itself fetches the URL. */
  readonly byServer?: boolean;
  readonly storage: StorageSettings;
};

/** `pxectl files put`. What is there already is found out without sending it. */
export async function reportPut(files: FileOperations, question: PutQuestion, io: TransferIo): Promise<void> {
  const path = await targetOf(files, question);
  const stored = question.byServer
    ? await files.fetch(question.source, path, wishOf(question))
    : await putFrom(files, { ...question, path }, io);
  if (question.json) return printJson(io.out, stored);
  const what = stored.state === 'same' ? 'there already, the same' : stored.state;
  io.out.write(`${harmless(stored.path)}: ${what}, ${formatBytes(stored.bytes)}, SHA-256 ${stored.sha256}\n`);
}

function wishOf({ sha256, overwrite }: PutQuestion) {
  return { overwrite, ...(sha256 !== undefined && { sha256 }) };
}

async function targetOf(files: FileOperations, { source, path }: PutQuestion): Promise<string> {
  const name = sourceName(source);
  if (path === undefined && name === undefined) {
    throw new ControlProblem('usage', `What is ${source} to be called? Name the path after it`, {
      status: 400,
    });
  }
  if (path === undefined) return name!;
  return name === undefined ? path : intoFolder(files, name, path);
}

async function putFrom(
  files: FileOperations,
  question: PutQuestion & { readonly path: string },
  io: TransferIo,
): Promise<Stored> {
  const { path, storage } = question;
  const source = await openPutSource(question.source, { storage, stdin: io.stdin, signal: io.signal });
  const meter = io.meter(path);
  try {
    const same = await alreadyThere(files, path, source);
    if (same && (question.sha256 ?? same.sha256).toLowerCase() === same.sha256) return same;
    const hash = createHash('sha256');
    const octets = metered(source.octets(), {
      meter,
      sizeBytes: source.sizeBytes,
      seen: (piece) => hash.update(piece),
    });
    const { sizeBytes } = source;
    const wish: UploadWish = {
      ...{ ...wishOf(question), signal: io.signal },
      ...(sizeBytes !== undefined && { sizeBytes }),
    };
    const stored = await files.put(path, octets, wish);
    // What came is what was sent, unless nothing had to come.
    if (stored.state !== 'same' && stored.sha256 !== hash.digest('hex')) {
      throw new ControlProblem('checksum', `${path} is there, and not what was sent: put it again`);
    }
    return stored;
  } finally {
    meter.clear();
    await source.close();
  }
}

/** A file of that size and hash. */
async function alreadyThere(
  files: FileOperations,
  path: string,
  source: PutSource,
): Promise<Stored | undefined> {
  const { sizeBytes, digest } = source;
  if (sizeBytes === undefined) return undefined;
  const there = await files.stat(path).catch(() => undefined);
  if (there?.sizeBytes !== sizeBytes || (there.kind !== 'file' && there.leadsTo !== 'file')) return undefined;
  const told = await digest();
  if (told === undefined || (await files.hash(path, told.algorithm)) !== told.hex) return undefined;
  const sha256 = told.algorithm === 'sha256' ? told.hex : await files.hash(path, 'sha256');
  return { path, state: 'same', bytes: sizeBytes, sha256 };
}

type Metering = {
  readonly meter: Meter;
  readonly sizeBytes: number | undefined;
  readonly seen?: (piece: Uint8Array) => void;
};

async function* metered(
  octets: AsyncIterable<Uint8Array>,
  { meter, sizeBytes, seen }: Metering,
): AsyncGenerator<Uint8Array> {
  const began = performance.now();
  let bytes = 0;
  for await (const piece of octets) {
    seen?.(piece);
    yield piece;
    bytes += piece.length;
    const bytesPerSecond = (bytes * 1000) / Math.max(1, performance.now() - began);
    meter.update({ bytes, bytesPerSecond, ...(sizeBytes !== undefined && { totalBytes: sizeBytes }) });
  }
}

export type GetQuestion = FilesQuestion & {
  readonly path: string;
  /** A file or folder of this machine, `-`; the file's own name when left out. */
  readonly local?: string | undefined;
  readonly overwrite: boolean;
};

/** `pxectl files get`: into a file that is whole or not there, or to the standard output. */
export async function reportGet(files: FileOperations, question: GetQuestion, io: TransferIo): Promise<void> {
  const { path, overwrite, json } = question;
  const { octets, sizeBytes } = await files.get(path);
  const meter = io.meter(path);
  const pieces = metered(octets as AsyncIterable<Uint8Array>, { meter, sizeBytes });
  try {
    if (question.local === '-') return await pour(pieces, io.stdout);
    const local = localOf(path, question.local);
    const store = createFileStore({ root: dirname(local) });
    const { state, bytes, sha256 } = await store.put(basename(local), pieces, {
      ...{ overwrite, signal: io.signal },
      ...(sizeBytes !== undefined && { sizeBytes }),
    });
    meter.clear();
    if (json) printJson(io.out, { path, local, state, bytes, sha256 });
    else io.out.write(`${harmless(local)}: ${formatBytes(bytes)}, SHA-256 ${sha256}\n`);
  } catch (error) {
    if (!(error instanceof TftpError) || error.reason !== 'exists') throw error;
    throw new ControlProblem('exists', `${error.message}; --force replaces it`, { cause: error });
  } finally {
    meter.clear();
  }
}

function localOf(path: string, local: string | undefined): string {
  const name = basename(path);
  if (local === undefined) return resolve(name);
  const folder = local.endsWith('/') || statSync(local, { throwIfNoEntry: false })?.isDirectory();
  return resolve(folder ? join(local, name) : local);
}

async function pour(octets: AsyncIterable<Uint8Array>, out: NodeJS.WritableStream): Promise<void> {
  for await (const piece of octets) if (!out.write(piece)) await once(out, 'drain');
}
