import { closeSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpPeer } from '../../events/event.ts';
import { type Answer, answerTo, type FileFacts, type FileRequest } from '../../http/answer.ts';
import { decodeTarget } from '../../http/target.ts';
import type { BootFile, BootTree } from '../../store/boot-file.ts';
import { isConfigName } from '../../tftp/config-search.ts';
import { treePath } from '../../tftp/filename.ts';
import type { RenderedFile, RenderedFiles } from '../boot/rendered-files.ts';
import { printable } from '../tftp/words.ts';
import type { Connection } from './connection.ts';
import {
  BAD_REQUEST,
  BROKEN,
  NOT_ALLOWED,
  nameRefusal,
  OPEN_REFUSALS,
  type Refused,
  TOO_LARGE,
} from './refusals-table.ts';
import type { HttpReport, HttpTransfer } from './report.ts';
import { type SendIo, sendFile, write } from './send-file.ts';
import type { UnderWay } from './under-way.ts';

/** Takes a report by whoever has this address; false when nothing waits for it. `path` is one of the tree. */
export type TakeReport = (peer: string, path: string) => boolean;

export type FileHandlerParts = {
  /** Asked for each request: a reload replaces it. */
  readonly tree: () => BootTree;
  /** Asked for names that are not in the tree. */
  readonly rendered?: RenderedFiles | undefined;
  readonly takeReport?: TakeReport | undefined;
  readonly report: HttpReport;
  readonly underWay: UnderWay;
  readonly io: SendIo;
  /** Of a posted report. */
  readonly bodyOctets: number;
  /** Milliseconds since 1970: what a file's time is compared with. */
  readonly wallClock: () => number;
};

/** One request that is being answered. */
type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  readonly client: HttpPeer;
  readonly method: string;
};

/**
 * Answers every request: GET and HEAD with files of the tree, or what is made for a name that is not in it; POST and PUT
 * to a done file as an installer's report. Never rejects.
 */
export function createFileHandler(parts: FileHandlerParts) {
  const { report } = parts;

  async function answer(exchange: Exchange): Promise<void> {
    const { request, method } = exchange;
    const target = request.url ?? '';
    const name = decodeTarget(target);
    const file = printable(name.ok ? name.value : target);
    const hosts = request.headersDistinct.host?.length ?? 0;
    if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
      const failure = hosts > 1 ? 'two-hosts' : 'no-host';
      return refuse(exchange, { file, refused: BAD_REQUEST, failure }); // RFC 9112 §3.2
    }
    if (!['GET', 'HEAD', 'POST', 'PUT'].includes(method)) {
      return refuse(exchange, { file, refused: NOT_ALLOWED, failure: 'method' });
    }
    const read = name.ok ? treePath(name.value) : name;
    if (!read.ok) return refuse(exchange, { file, refused: nameRefusal(read.reason), failure: read.reason });
    const { path } = read.value;
    if (method === 'POST' || method === 'PUT') return takeReport(exchange, { file, path });
    const opened = parts.tree().open(path);
    if (opened.ok) return await sendOpened(exchange, file, opened.value);
    const { peer } = exchange.client;
    const made =
      opened.reason === 'not-found' ? parts.rendered?.render({ path, peer, protocol: 'http' }) : undefined;
    if (made) return await sendMade(exchange, { file, path }, made);
    refuse(exchange, {
      ...{ file, refused: OPEN_REFUSALS[opened.reason], failure: opened.reason, detail: opened.detail },
      search: opened.reason === 'not-found' && isConfigName(path),
    });
  }

  async function sendOpened(exchange: Exchange, file: string, opened: BootFile): Promise<void> {
    const { fd, sizeBytes, identity, mtimeMs } = opened;
    const path = printable(opened.path);
    try {
      const answered = begin(exchange, { path, sizeBytes, state: { identity, mtimeMs } });
      const { body } = answered;
      const told = { client: exchange.client, file, ...(path !== file && { path }), sizeBytes };
      await deliver(exchange, { answered, told }, () =>
        sendFile(exchange.response, { fd, identity, ...body! }, parts.io),
      );
    } finally {
      closeSync(fd);
    }
  }

  async function sendMade(
    exchange: Exchange,
    { file, path }: { readonly file: string; readonly path: string },
    { bytes, profile }: RenderedFile,
  ): Promise<void> {
    const { client, response } = exchange;
    const answered = begin(exchange, { path, sizeBytes: bytes.length });
    const told = { client, file, rendered: profile, sizeBytes: bytes.length };
    await deliver(exchange, { answered, told }, async () =>
      (await write(response, bytes)) ? { bytes: bytes.length } : { bytes: 0, failure: 'gone' },
    );
  }

  /** Writes the head. */
  function begin({ request, response, method }: Exchange, facts: FileFacts): Answer {
    const { headers } = request;
    const asked: FileRequest = {
      method: method === 'HEAD' ? 'HEAD' : 'GET',
      range: headers.range,
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
      ifRange: one(headers['if-range']),
    };
    const answered = answerTo(asked, facts, parts.wallClock());
    response.writeHead(answered.status, answered.headers);
    return answered;
  }

  async function deliver(
    { response, connection, method }: Exchange,
    { answered, told }: { readonly answered: Answer; readonly told: Omit<HttpTransfer, 'length'> },
    send: () => Promise<{ bytes: number; failure?: string; detail?: string }>,
  ): Promise<void> {
    const { body } = answered;
    if (!body) {
      response.end();
      if (answered.status >= 400) {
        const { client, file } = told;
        const failure = answered.status === 416 ? 'range' : 'condition';
        report.refused({ client, method, file, status: answered.status, failure });
      } else report.probed({ ...told, length: 0 });
      return;
    }
    const ended = report.started({ ...told, length: body.length });
    if (body.length === 0) {
      response.end();
      ended({ bytes: 0 });
      return;
    }
    const ends = parts.underWay.begins(told, { length: body.length, response });
    const sent = await send().finally(ends);
    if (sent.failure !== undefined) {
      // There is no other way to say that less comes than was promised.
      response.destroy();
      ended(sent);
      return;
    }
    const has = await connection.delivered();
    response.end();
    ended(has ? sent : { ...sent, failure: 'gone', detail: 'before all of it was acknowledged' });
  }

  function takeReport(
    exchange: Exchange,
    { file, path }: { readonly file: string; readonly path: string },
  ): void {
    const { request, response, client } = exchange;
    if (Number(request.headers['content-length'] ?? 0) > parts.bodyOctets) {
      refuse(exchange, { file, refused: TOO_LARGE, failure: 'body-too-large' });
      return;
    }
    if (!parts.takeReport?.(client.peer, path)) {
      refuse(exchange, { file, refused: NOT_ALLOWED, failure: 'not-awaited' });
      return;
    }
    // A body without a length may have no end.
    if (request.headers['transfer-encoding'] !== undefined) response.setHeader('Connection', 'close');
    response.writeHead(204).end();
    report.reported(client, file);
  }

  function refuse(exchange: Exchange, why: Why): void {
    const { request, response, client, method } = exchange;
    const { refused, ...rest } = why;
    const { status, phrase, headers } = refused;
    const text = `${status} ${phrase}\n`;
    // What follows is of no use to anybody: not read, the connection ends.
    if (hasBody(request)) response.setHeader('Connection', 'close');
    response.writeHead(status, {
      ...headers,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': text.length,
    });
    response.end(method === 'HEAD' ? undefined : text);
    report.refused({ client, method: printable(method), status, ...rest });
  }

  return async (
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> => {
    const { client } = connection;
    const method = request.method ?? '';
    try {
      await answer({ request, response, connection, client, method });
    } catch (error) {
      if (response.headersSent) response.destroy();
      else response.writeHead(BROKEN.status, { 'Content-Length': 0 }).end();
      report.broken(error instanceof Error ? error.message : String(error));
    }
  };
}

type Why = {
  readonly file: string;
  readonly refused: Refused;
  readonly failure: string;
  readonly search?: boolean;
  readonly detail?: string;
};

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Node gives some headers that came twice as lists. */
function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'object' ? header[0] : header;
}
