/** Files by HTTP as firmware and loaders fetch them: what is asked, what comes of it, and the head of a response. */
import { latin1Decode } from '../lib/bytes.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { formatBytes } from '../lib/size.ts';
import { failure, type Outcome, success } from './exchange.ts';

export type HttpRequest = {
  /** `http://host[:port]/path`. */
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  /** How much of the file's beginning is kept; the rest is counted only. */
  readonly keepBytes: number;
  /** Looks at every part of the file as it comes; borrowed. */
  readonly onData?: (part: Uint8Array) => void;
};

export type HttpFile = {
  readonly url: string;
  /** Of the body; of HEAD what is announced. */
  readonly sizeBytes: number;
  readonly head: Uint8Array;
  readonly contentType?: string;
};

/** Status line and headers of a response. */
export type ResponseHead = {
  readonly status: number;
  /** Names in lower case; of several the last one. */
  readonly headers: ReadonlyMap<string, string>;
  /** Octets of it, the empty line included. */
  readonly length: number;
};

/** Longer ones are nobody's. */
export const LONGEST_HEAD = 16_384;

/**
 * Reads the head of a response (RFC 9112 §2.1) at the beginning of `bytes`. Reasons: `head-incomplete` (more octets may make it whole),
 * `not-http`.
 */
export function readResponseHead(bytes: Uint8Array): Decoded<ResponseHead> {
  const text = latin1Decode(bytes.subarray(0, LONGEST_HEAD));
  const end = /\r?\n\r?\n/.exec(text);
  const couldBe = 'HTTP/'.startsWith(text.slice(0, 5));
  if (!end) return rejected(couldBe && bytes.length < LONGEST_HEAD ? 'head-incomplete' : 'not-http');
  const [first = '', ...lines] = text.slice(0, end.index).split(/\r?\n/);
  const status = /^HTTP\/1\.[01] (\d{3})( |$)/.exec(first)?.[1];
  if (status === undefined) return rejected('not-http');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return ok({ status: Number(status), headers, length: end.index + end[0].length });
}

/** Does the body come in chunks? */
export function isChunked({ headers }: Pick<ResponseHead, 'headers'>): boolean {
  return /(^|,)[ \t]*chunked$/i.test(headers.get('transfer-encoding') ?? '');
}

/** `Content-Length`; undefined when there is none that is a number, or when it does not count beside chunks (RFC 9112 §6.3). */
export function lengthOf({ headers }: Pick<ResponseHead, 'headers'>): number | undefined {
  if (isChunked({ headers })) return undefined;
  const text = headers.get('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * What a status other than 200 says: `not-found`, `http-error`. Redirects are told and not followed: UEFI HTTP boot and GRUB follow none,
 * iPXE and lpxelinux.0 would.
 */
export function statusProblem(
  url: string,
  { status, location }: { readonly status: number; readonly location: string | undefined },
): Outcome<never> | undefined {
  if (status === 200) return undefined;
  const why = status === 404 || status === 410 ? 'not-found' : 'http-error';
  const redirected = status >= 300 && status < 400 && location !== undefined;
  return failure(why, `${url}: HTTP ${status}${redirected ? `, to ${location}` : ''}`);
}

/** The verdict on a whole response. */
export function httpFileOf(
  request: HttpRequest,
  response: {
    readonly status: number;
    readonly announced: number | undefined;
    readonly contentType: string | undefined;
    /** Where a redirect leads. */
    readonly location?: string | undefined;
    readonly received: number;
    readonly head: Uint8Array;
  },
): Outcome<HttpFile> {
  const { url, method } = request;
  const { status, announced, contentType, location, received, head } = response;
  const wrong = statusProblem(url, { status, location });
  if (wrong) return wrong;
  if (method === 'HEAD' && announced === undefined) {
    return failure('no-length', `${url}: the answer to HEAD has no Content-Length, which UEFI needs`);
  }
  if (method === 'GET' && announced !== undefined && announced !== received) {
    return failure('wrong-size', `${url}: announced ${announced} octets, sent ${received}`);
  }
  return success({
    url,
    sizeBytes: method === 'HEAD' ? (announced ?? 0) : received,
    head,
    ...(contentType !== undefined && { contentType }),
  });
}

/** `http://10.0.0.1/vmlinuz: 8.2 MB`. */
export function describeHttp({ url, sizeBytes }: HttpFile): string {
  return `${url}: ${formatBytes(sizeBytes)}`;
}
