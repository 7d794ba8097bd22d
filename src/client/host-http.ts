import { request as httpRequest } from 'node:http';
import { concatBytes } from '../lib/bytes.ts';
import { failure, type Outcome } from './exchange.ts';
import { partsOfUrl } from './http-fetch.ts';
import { type HttpFile, type HttpRequest, httpFileOf } from './http-file.ts';

const HTTP_SILENCE_MS = 15_000;

/** Fetches a file by this host's own stack and resolver, from this address of its own. `done` is called once, never at once. */
export function fetchByHost(
  request: HttpRequest,
  localAddress: string,
  done: (outcome: Outcome<HttpFile>) => void,
): void {
  const { url, method, keepBytes, onData } = request;
  const parts = partsOfUrl(url);
  let over = false;
  const finish = (outcome: Outcome<HttpFile>) => {
    if (over) return;
    over = true;
    done(outcome);
  };
  if (!parts) {
    queueMicrotask(() => finish(failure('url-unusable', `${url} is no URL that can be asked for`)));
    return;
  }
  const { host, port, target: path } = parts;
  let answered = false;
  let received = 0;
  let keptBytes = 0;
  const kept: Uint8Array[] = [];
  const cut = () => `the connection was cut after ${received} octets`;
  const asking = httpRequest(
    {
      host,
      port,
      path,
      method,
      localAddress,
      agent: false,
      family: 4,
      timeout: HTTP_SILENCE_MS,
      headers: HEADERS,
    },
    (response) => {
      answered = true;
      const { statusCode: status = 0, headers } = response;
      const length = headers['content-length'];
      const conclude = () =>
        finish(
          httpFileOf(request, {
            status,
            announced: length === undefined ? undefined : Number(length),
            contentType: headers['content-type'],
            location: headers.location,
            received,
            head: concatBytes(kept),
          }),
        );
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        onData?.(chunk);
        if (keptBytes >= keepBytes) return;
        const part = chunk.subarray(0, keepBytes - keptBytes);
        kept.push(part);
        keptBytes += part.length;
      });
      response.on('end', conclude);
      response.on('error', () => {
        // Where the length is known, it tells that the connection was cut; chunks, and what ends with the connection, have none.
        if (status !== 200 || length !== undefined) conclude();
        else finish(failure('http-reset', `${url}: ${cut()}`));
      });
    },
  );
  asking.on('timeout', () => asking.destroy(new Error('silence')));
  asking.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') finish(failure('http-refused', `${url}: TCP port ${port} is closed`));
    else if (error.code === 'ENOTFOUND')
      finish(failure('name-unknown', `${url}: no address is known for its host`));
    else if (error.code?.startsWith('HPE_')) finish(failure('not-http', `${url}: ${error.message}`));
    else if (error.message === 'silence')
      finish(failure('timeout', `${url}: ${answered ? `silence after ${received} octets` : 'no answer'}`));
    else finish(failure('http-reset', `${url}: ${answered ? cut() : error.message}`));
  });
  asking.end();
}

const HEADERS = { connection: 'close', 'user-agent': 'pxed-selftest' } as const;
