import { basename } from 'node:path';
import type { HashAlgorithm } from '../store/file-hash.ts';
import { openLocal } from '../store/file-source.ts';
import { openStorage, type StorageSettings, storageFileOf } from '../store/other-storage.ts';
import { openUrl } from '../store/remote-file.ts';

/** A file that is to be put, open for reading. */
export type PutSource = {
  readonly sizeBytes: number | undefined;
  octets(): AsyncIterable<Uint8Array>;
  /** What it comes to, where that can be known without fetching it. */
  digest(): Promise<{ readonly algorithm: HashAlgorithm; readonly hex: string } | undefined>;
  close(): Promise<void>;
};

export type SourceOptions = {
  readonly storage: StorageSettings;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

/** `-`, `https://…`, `s3://bucket/path` and the like, or a path of this machine. Throws TftpError. */
export async function openPutSource(
  name: string,
  { storage, stdin, signal }: SourceOptions,
): Promise<PutSource> {
  if (name === '-') {
    return {
      sizeBytes: undefined,
      octets: () => stdin,
      digest: async () => undefined,
      async close() {},
    };
  }
  const other = storageFileOf(name);
  if (other || isUrl(name)) {
    const remote = await (other ? openStorage(other, storage) : openUrl(name, { signal }));
    return {
      sizeBytes: remote.sizeBytes,
      octets: () => remote.octets,
      digest: async () => remote.digest,
      close: () => remote.cancel().catch(() => {}),
    };
  }
  const local = await openLocal(name);
  return {
    sizeBytes: local.sizeBytes,
    octets: local.octets,
    async digest() {
      const hex = await local.hash(signal);
      return hex === undefined ? undefined : { algorithm: 'sha256', hex };
    },
    close: local.close,
  };
}

/** What it is called where it comes from; undefined where it has no name: `-`, `https://host/`. */
export function sourceName(source: string): string | undefined {
  if (source === '-') return undefined;
  const path = isUrl(source) ? decodePath(new URL(source).pathname) : (storageFileOf(source)?.path ?? source);
  return basename(path) || undefined;
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
