import { FileNotFound, TftpError } from '../lib/tftp-error.ts';
import type { HashAlgorithm } from './file-hash.ts';

/** A file somewhere else, open for reading. Whoever does not read it to its end calls `cancel`. */
export type RemoteFile = {
  readonly octets: AsyncIterable<Uint8Array>;
  readonly sizeBytes?: number;
  /** What its server says that it comes to: reason enough not to fetch what is here already. */
  readonly digest?: { readonly algorithm: HashAlgorithm; readonly hex: string };
  cancel(): Promise<void>;
};

export type FetchOptions = {
  /** Each URL on the way, redirects too; false refuses it. Everything is allowed when left out. */
  readonly allow?: (url: URL) => boolean;
  readonly signal?: AbortSignal;
};

const REDIRECTS_MOST = 5;

/**
 * Begins to fetch an http(s) URL. A name and password in it go to that server alone. Throws FileNotFound for 404 and 410; TftpError
 * `not-allowed`, `source` for everything else that comes between.
 */
export async function openUrl(text: string, { allow, signal }: FetchOptions = {}): Promise<RemoteFile> {
  let url = parseUrl(text);
  const authorization = authorizationOf(url);
  const { origin } = url;
  for (let hop = 0; hop <= REDIRECTS_MOST; hop++) {
    if (allow && !allow(url)) {
      throw new TftpError(`Cannot fetch ${url.href}: not among the URLs that may be fetched`, {
        reason: 'not-allowed',
      });
    }
    const response = await ask(
      url,
      {
        // What is compressed on the way would have another size than the file.
        'accept-encoding': 'identity',
        ...(authorization !== undefined && url.origin === origin && { authorization }),
      },
      signal,
    );
    if (![301, 302, 303, 307, 308].includes(response.status)) return remoteFile(url, response);
    await response.body?.cancel();
    url = nextUrl(url, response.headers.get('location'));
  }
  throw sourceProblem(text, `more than ${REDIRECTS_MOST} redirects`);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw sourceProblem(text, 'it is no http or https URL');
  return url;
}

/** Taken out of the URL, which is told in messages. */
function authorizationOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function nextUrl(from: URL, location: string | null): URL {
  const to = location === null ? null : URL.parse(location, from.href);
  if (!to || !/^https?:$/.test(to.protocol)) {
    throw sourceProblem(from.href, `it leads to ${location ?? 'nowhere'}`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw sourceProblem(from.href, `it leads from https to plain http: ${to.href}`);
  }
  to.username = '';
  to.password = '';
  return to;
}

/**
 * Sends octets to an http(s) URL by PUT, as a URL that an object storage signed in advance wants it. Throws TftpError `source` for an
 * answer that is no good one.
 */
export async function sendToUrl(
  text: string,
  { octets, sizeBytes }: { readonly octets: ReadableStream; readonly sizeBytes: number },
  signal?: AbortSignal,
): Promise<void> {
  const url = parseUrl(text);
  const authorization = authorizationOf(url);
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(sizeBytes),
    ...(authorization !== undefined && { authorization }),
  };
  let response: Response;
  try {
    const body = { body: octets, duplex: 'half' } as const;
    response = await fetch(url, {
      method: 'PUT',
      redirect: 'error',
      headers,
      ...body,
      ...(signal && { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw sourceProblem(url.href, innermost(cause), cause);
  }
  await response.body?.cancel();
  if (!response.ok) throw sourceProblem(url.href, `its server answered ${response.status} to PUT`);
}

async function ask(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', headers, ...(signal && { signal }) });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw sourceProblem(url.href, innermost(cause), cause);
  }
}

/** fetch says "fetch failed"; what failed is its cause. */
function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return innermost(error.cause);
  const code = 'code' in error ? String(error.code) : '';
  return error.message || code;
}

function remoteFile(url: URL, response: Response): RemoteFile {
  const { status, headers } = response;
  const cancel = async () => {
    await response.body?.cancel();
  };
  if (status !== 200) {
    void cancel().catch(() => {});
    if (status === 404 || status === 410) throw new FileNotFound(`${url.href}: its server has no such file`);
    throw sourceProblem(url.href, `its server answered ${status} ${response.statusText}`.trimEnd());
  }
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null;
  const digest = digestOf(headers);
  return {
    octets: reading(url.href, bodyOf(response)),
    ...(length !== null && /^\d+$/.test(length) && { sizeBytes: Number(length) }),
    ...(digest && { digest }),
    cancel,
  };
}

/** Holds the response until it is read: a body that is not, of a response that nobody holds, Node ends as if that were all of it. */
async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body) yield* response.body;
}

/** RFC 9530, and what came before it (RFC 1864). */
function digestOf(headers: Headers): RemoteFile['digest'] {
  const sha256 = /(?:^|[\s,])sha-256=:([\w+/]{43}=):/.exec(headers.get('repr-digest') ?? '')?.[1];
  if (sha256) return { algorithm: 'sha256', hex: Buffer.from(sha256, 'base64').toString('hex') };
  const md5 = headers.get('content-md5');
  return md5 && /^[\w+/]{22}==$/.test(md5)
    ? { algorithm: 'md5', hex: Buffer.from(md5, 'base64').toString('hex') }
    : undefined;
}

/** Names the source in what goes wrong on the way. */
export async function* reading(
  from: string,
  octets: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* octets;
  } catch (error) {
    throw error instanceof TftpError || isAbort(error) ? error : sourceProblem(from, innermost(error), error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

export function sourceProblem(from: string, why: string, cause?: unknown): TftpError {
  return new TftpError(`Cannot read ${from}: ${why}`, {
    reason: 'source',
    ...(cause !== undefined && { cause }),
  });
}
