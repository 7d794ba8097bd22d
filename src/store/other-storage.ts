import { FileNotFound, TftpError } from '../lib/tftp-error.ts';
import { type RemoteFile, reading, sourceProblem } from './remote-file.ts';

/** Settings of a storage in OpenDAL's words: `region`, `endpoint`, `access_key_id`… What is left out, its environment says. */
export type StorageSettings = Readonly<Record<string, string>>;

/** What is used of OpenDAL's. It is installed by whoever wants it, and so has no types here. */
type Operator = {
  stat(path: string): Promise<{ contentLength: bigint | null; contentMd5: string | null; isFile(): boolean }>;
  reader(path: string): Promise<{
    createReadStream(options?: { highWaterMark?: number }): AsyncIterable<Uint8Array> & { destroy(): void };
  }>;
};

export type OpenDal = { readonly Operator: new (scheme: string, settings: StorageSettings) => Operator };

/** Where a file of another storage lies. */
export type StorageFile = {
  readonly scheme: string;
  readonly settings: StorageSettings;
  readonly path: string;
};

/** Which setting the host of a URL stands for: `s3://boot/grubx64.efi` is of the bucket `boot`. */
const HOST_IS: Readonly<Record<string, string>> = {
  s3: 'bucket',
  gcs: 'bucket',
  oss: 'bucket',
  obs: 'bucket',
  cos: 'bucket',
  b2: 'bucket',
  tos: 'bucket',
  azblob: 'container',
  azdls: 'filesystem',
  azfile: 'share_name',
  swift: 'container',
};

/** Of these the host is a host. `webdav+http://` is plain HTTP. */
const HOST_IS_ENDPOINT: readonly string[] = ['webdav', 'webhdfs', 'alluxio'];

/**
 * Reads `s3://bucket/path`, `gcs://…`, `azblob://container/path`, `webdav://host/path`, `fs:/path` and the like: any storage of
 * OpenDAL's. undefined where it is no such name, a plain path or http(s) for instance.
 *
 *     storageFileOf('s3://boot/efi/grubx64.efi') // { scheme: 's3', settings: { bucket: 'boot' }, path: 'efi/grubx64.efi' }
 */
export function storageFileOf(text: string): StorageFile | undefined {
  const local = /^fs:\/*(.*)$/s.exec(text)?.[1];
  if (local !== undefined) return { scheme: 'fs', settings: { root: '/' }, path: local };
  const parts = /^([a-z][a-z0-9-]+)(\+http)?:\/\/([^/]*)\/*(.*)$/s.exec(text);
  const [, scheme, plain, host, path] = parts ?? [];
  if (scheme === undefined || path === undefined || /^https?$/.test(scheme)) return undefined;
  if (!host) return { scheme, settings: { root: '/' }, path };
  if (HOST_IS_ENDPOINT.includes(scheme)) {
    return { scheme, settings: { endpoint: `${plain ? 'http' : 'https'}://${host}` }, path };
  }
  const setting = HOST_IS[scheme];
  return { scheme, settings: { root: '/', ...(setting && { [setting]: host }) }, path };
}

/**
 * Begins to read a file of another storage; `settings` go over what its name says. Throws FileNotFound; TftpError `no-opendal` where
 * OpenDAL is not installed, `source` for what it says.
 */
export async function openStorage(
  { scheme, settings, path }: StorageFile,
  more: StorageSettings = {},
  load: () => Promise<OpenDal> = importOpenDal,
): Promise<RemoteFile> {
  const from = `${scheme}:${path}`;
  const { Operator } = await loadOpenDal(load);
  try {
    const operator = new Operator(scheme, { ...settings, ...more });
    const stat = await operator.stat(path);
    if (!stat.isFile()) throw sourceProblem(from, 'it is no file');
    const stream = (await operator.reader(path)).createReadStream({ highWaterMark: 1024 * 1024 });
    const md5 = stat.contentMd5;
    return {
      octets: reading(from, stream),
      ...(stat.contentLength !== null && { sizeBytes: Number(stat.contentLength) }),
      ...(md5 && { digest: { algorithm: 'md5', hex: Buffer.from(md5, 'base64').toString('hex') } }),
      async cancel() {
        stream.destroy();
      },
    };
  } catch (error) {
    throw problemOf(from, error);
  }
}

/** `NotFound (permanent) at stat, …`: its errors have their kind in the text alone. */
function problemOf(from: string, error: unknown): unknown {
  if (error instanceof TftpError) return error;
  const told = error instanceof Error ? error.message : String(error);
  if (told.startsWith('NotFound'))
    return new FileNotFound(`${from}: there is no such file`, { cause: error });
  return sourceProblem(from, told, error);
}

/** By a name that the compiler does not look up: OpenDAL is no dependency. */
async function importOpenDal(): Promise<OpenDal> {
  const name = 'opendal';
  return (await import(name)) as OpenDal;
}

async function loadOpenDal(load: () => Promise<OpenDal>): Promise<OpenDal> {
  try {
    return await load();
  } catch (cause) {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const why = absent ? 'is not installed' : `cannot be loaded (${String(cause).split('\n')[0]})`;
    const fix = 'npm install opendal@0.49.2, beside pxed; later ones want a glibc of 2.38';
    throw new TftpError(`Storage other than files and http(s) needs OpenDAL, which ${why}: ${fix}`, {
      reason: 'no-opendal',
      cause,
    });
  }
}
