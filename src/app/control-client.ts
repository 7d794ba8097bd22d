import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { userInfo } from 'node:os';

/** Where pxed listens for pxectl when nothing else is said. */
export const USUAL_SOCKET = '/run/pxed/pxed.sock';

/** Why an operation is not done. `code` as the control API tells it; `no-pxed` when nobody answers there. */
export class ControlProblem extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly details: unknown;

  constructor(
    code: string,
    message: string,
    more: { status?: number; details?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'ControlProblem';
    this.code = code;
    this.status = more.status;
    this.details = more.details;
  }
}

/** A pxed that runs, over its Unix socket. Each method throws {@link ControlProblem}. */
export type ControlClient = {
  readonly socket: string;
  get(path: string): Promise<unknown>;
  /** `body` goes as JSON. */
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** Server-sent events, until `signal` aborts or pxed ends. */
  stream(path: string, signal: AbortSignal): AsyncGenerator<ClientEvent>;
  download(path: string): Promise<Download>;
  upload(path: string, octets: AsyncIterable<Uint8Array>, options?: UploadOptions): Promise<unknown>;
};

export type ClientEvent = { readonly event: string; readonly data: unknown; readonly id?: string };
export type Download = { readonly octets: AsyncIterable<Uint8Array>; readonly sizeBytes?: number };
export type UploadOptions = {
  readonly method?: 'PUT' | 'POST';
  readonly sizeBytes?: number;
  readonly signal?: AbortSignal;
};

export function createControlClient({ socket }: { readonly socket: string }): ControlClient {
  const ask = (options: RequestOptions, body?: string | AsyncIterable<Uint8Array>) =>
    exchange({ ...options, socketPath: socket, agent: false }, body);
  const json = async (response: IncomingMessage) => {
    const text = await textOf(response);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    socket,
    get: async (path) => json(await ask({ method: 'GET', path })),
    async send(method, path, body) {
      if (body === undefined) return json(await ask({ method, path }));
      const text = JSON.stringify(body);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      return json(await ask({ method, path, headers }, text));
    },
    async *stream(path, signal) {
      if (signal.aborted) return;
      try {
        const response = await ask({ method: 'GET', path, headers: { accept: 'text/event-stream' }, signal });
        yield* eventsOf(response);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    async download(path) {
      const response = await ask({ method: 'GET', path });
      const length = response.headers['content-length'];
      return { octets: response, ...(length !== undefined && { sizeBytes: Number(length) }) };
    },
    async upload(path, octets, { method = 'PUT', sizeBytes, signal } = {}) {
      const headers = {
        'content-type': 'application/octet-stream',
        // Otherwise pxed would close the connection behind a refusal, with octets still on their way, and it might be lost.
        connection: 'keep-alive',
        ...(sizeBytes !== undefined && { 'content-length': sizeBytes }),
      };
      const body = sizeBytes === undefined ? octets : exactly(octets, sizeBytes);
      return json(await ask({ method, path, headers, ...(signal && { signal }) }, body));
    },
  };
}

/** Resolves with the head of a good answer. */
function exchange(
  options: RequestOptions,
  body?: string | AsyncIterable<Uint8Array>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({ ...options, headers: { ...options.headers, 'pxed-user': ownName() } });
  request.once('error', (error) => reject(asProblem(error, String(options.socketPath))));
  request.once('response', (response) => {
    if ((response.statusCode ?? 500) < 300) resolve(response);
    else {
      // Nobody wants the rest of what is being sent.
      refusalOf(response)
        .then(reject, reject)
        .finally(() => request.destroy());
    }
  });
  if (body === undefined || typeof body === 'string') request.end(body);
  else
    pour(body, request).catch((error: unknown) => {
      request.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  return promise;
}

/** Fewer octets than were announced would keep both sides waiting for ever. */
async function* exactly(octets: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of octets) {
    bytes += chunk.length;
    if (bytes > sizeBytes) break;
    yield chunk;
  }
  if (bytes === sizeBytes) return;
  const what = bytes < sizeBytes ? `ended after ${bytes} of` : 'goes on behind';
  throw new ControlProblem('source', `The source ${what} ${sizeBytes} octets: did it change?`);
}

async function pour(
  octets: AsyncIterable<Uint8Array>,
  request: ReturnType<typeof httpRequest>,
): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  request.once('close', end);
  for await (const chunk of octets) {
    if (request.destroyed) return;
    if (!request.write(chunk)) {
      await Promise.race([new Promise<void>((resume) => void request.once('drain', resume)), over]);
    }
  }
  request.end();
}

function ownName(): string {
  try {
    return userInfo().username.replaceAll(/[^\w.@-]/g, '_');
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}

async function refusalOf(response: IncomingMessage): Promise<ControlProblem> {
  const status = response.statusCode ?? 500;
  const text = await textOf(response);
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; details?: unknown } };
    return new ControlProblem(error.code, error.message, { status, details: error.details });
  } catch {
    return new ControlProblem('bad-answer', `pxed answered ${status} with what is no JSON`, { status });
  }
}

function asProblem(error: NodeJS.ErrnoException, socket: string): ControlProblem {
  if (error instanceof ControlProblem) return error;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new ControlProblem('no-pxed', `No pxed is running at ${socket}`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new ControlProblem('not-permitted', `Cannot open ${socket}: permission denied; run it as root`, {
        cause: error,
      });
    default:
      return new ControlProblem('connection', `Lost the connection to pxed: ${error.message}`, {
        cause: error,
      });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) text += chunk as string;
  return text;
}

/** As the server writes them: one `event`, one `data` line, an `id` perhaps; comments are left out. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<ClientEvent> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    const blocks = (rest + (chunk as string)).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

function parseEvent(block: string): ClientEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return {
    event: fields.get('event') ?? 'message',
    data: JSON.parse(data) as unknown,
    ...(id !== undefined && { id }),
  };
}
