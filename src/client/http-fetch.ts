/** A file by HTTP/1.1 over a connection of the machine's own (RFC 9112), without I/O. */
import type { TcpSegment } from '../frame/tcp.ts';
import { concatBytes, latin1Encode } from '../lib/bytes.ts';
import { type ChunkedBody, createChunkedBody } from './chunked.ts';
import { failure, type Outcome } from './exchange.ts';
import {
  type HttpFile,
  type HttpRequest,
  httpFileOf,
  isChunked,
  LONGEST_HEAD,
  lengthOf,
  type ResponseHead,
  readResponseHead,
} from './http-file.ts';
import { createTcpConnection, LONGEST_QUESTION } from './tcp-connection.ts';

export type HttpFetch = {
  receive(segment: TcpSegment, now: number): void;
  poll(now: number): TcpSegment | undefined;
  deadline(): number;
  result(): Outcome<HttpFile> | undefined;
  /** Nobody wants the file any more; what `poll` gives then tells the server. */
  close(): void;
};

/** The parts of `http://host[:port]/path`; undefined for what is none, or too long to be asked. */
export function partsOfUrl(url: string): { host: string; port: number; target: string } | undefined {
  const [, host, port = '80', path = '/'] =
    /^http:\/\/([\w.-]{1,253})(?::(\d{1,5}))?([/?][^#]*)?(?:#.*)?$/i.exec(url) ?? [];
  if (host === undefined || Number(port) === 0 || Number(port) > 65_535) return undefined;
  const target = path.startsWith('/') ? path : `/${path}`;
  const known = /^[\x21-\x7e]+$/.test(target) ? target : encodeURI(target);
  return known.length > LONGEST_QUESTION - 300 ? undefined : { host, port: Number(port), target: known };
}

/**
 * Asks for one file. Its failure codes are `not-found`, `http-error`, `no-length`, `wrong-size`, `http-refused`, `http-reset`, `timeout`,
 * `not-http`, `url-unusable`.
 */
export function createHttpFetch(
  request: HttpRequest,
  from: { readonly port: number; readonly sequence: number },
  startedAt: number,
): HttpFetch {
  const { url, method, keepBytes, onData } = request;
  const parts = partsOfUrl(url);
  let before: Uint8Array[] = [];
  let head: ResponseHead | undefined;
  let chunks: ChunkedBody | undefined;
  const kept: Uint8Array[] = [];
  let received = 0;
  let keptBytes = 0;
  let result: Outcome<HttpFile> | undefined;

  function takeBody(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    received += bytes.length;
    onData?.(bytes);
    if (keptBytes >= keepBytes) return;
    const part = bytes.slice(0, keepBytes - keptBytes);
    kept.push(part);
    keptBytes += part.length;
  }

  function takeFramed(bytes: Uint8Array): void {
    if (!chunks) takeBody(bytes);
    else chunks.take(bytes);
    if (chunks?.state() === 'broken')
      result = failure('not-http', `${url}: after ${received} octets comes no chunk of HTTP`);
  }

  function takeBytes(bytes: Uint8Array): void {
    if (head) takeFramed(bytes);
    else {
      before.push(bytes.slice());
      const all = concatBytes(before);
      before = [all];
      const decoded = readResponseHead(all);
      if (decoded.ok) {
        head = decoded.value;
        if (method === 'GET' && head.status === 200 && isChunked(head)) chunks = createChunkedBody(takeBody);
        takeFramed(all.subarray(head.length));
      } else if (decoded.reason === 'not-http' || all.length > LONGEST_HEAD) {
        result = failure('not-http', `${url}: the answer is not HTTP`);
      }
    }
    if (head && isWhole(head)) conclude(head);
  }

  function isWhole(of: ResponseHead): boolean {
    if (method === 'HEAD' || of.status !== 200) return true;
    if (chunks) return chunks.state() === 'whole';
    const length = lengthOf(of);
    return length !== undefined && received >= length;
  }

  function conclude(of: ResponseHead): void {
    result ??= httpFileOf(request, {
      status: of.status,
      announced: lengthOf(of),
      contentType: of.headers.get('content-type'),
      location: of.headers.get('location'),
      received,
      head: concatBytes(kept),
    });
  }

  const question = `${method} ${parts?.target ?? '/'} HTTP/1.1\r\nHost: ${parts?.host ?? ''}\r\nConnection: close\r\nUser-Agent: pxed-selftest\r\n\r\n`;
  const connection = createTcpConnection(
    {
      fromPort: from.port,
      toPort: parts?.port ?? 80,
      sequence: from.sequence,
      question: latin1Encode(question),
      onBytes: takeBytes,
    },
    startedAt,
  );
  if (!parts) connection.close();
  if (!parts) result = failure('url-unusable', `${url} is no URL that can be asked for`);

  function settle(): void {
    const end = connection.end();
    if (result || end === undefined) return;
    if (head && end === 'closed' && chunks?.state() !== 'open') conclude(head);
    else if (end === 'refused') result = failure('http-refused', `${url}: TCP port ${parts?.port} is closed`);
    else if (end === 'timeout')
      result = failure('timeout', `${url}: ${head ? `silence after ${received} octets` : 'no answer'}`);
    else result = failure('http-reset', `${url}: the connection was cut after ${received} octets`);
  }

  return {
    receive(segment, now) {
      if (result) return;
      connection.receive(segment, now);
      if (result) connection.close();
      settle();
    },
    poll(now) {
      const segment = connection.poll(now);
      settle();
      return segment;
    },
    deadline: () => connection.deadline(),
    result: () => result,
    close: () => connection.close(),
  };
}
