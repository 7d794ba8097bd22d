import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ControlError, errorBody } from './control-error.ts';
import type { Page, Pages } from './page.ts';
import { type OctetSource, type Octets, type Route, route, type SentEvent } from './route.ts';
import { sendEvents } from './send-events.ts';

/** All that the control API is made of. */
export type ControlAppParts = {
  readonly routes: readonly Route[];
  /** Who asks, as a name for people. Throws {@link ControlError} for whoever may not. */
  readonly admit: (request: IncomingMessage) => string;
  /** What is no part of the API: health, metrics, the console. */
  readonly pages: Pages;
  /** Hears of what should not happen. */
  readonly onFault: (error: unknown) => void;
};

export type ControlApp = {
  /** For a server's `request` event. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** For tests: the framework's own way to ask without a socket. */
  readonly inject: FastifyInstance['inject'];
  close(): Promise<void>;
};

/** A JSON body holds a configuration file at most. */
const BODY_MOST = 4 * 1024 * 1024;
/** Of whoever may not ask for anything yet: a token. */
const OPEN_BODY_MOST = 16 * 1024;

/** The API over HTTP, without a port of its own. */
export async function createControlApp({
  routes,
  admit,
  pages,
  onFault,
}: ControlAppParts): Promise<ControlApp> {
  const app = fastify({
    bodyLimit: OPEN_BODY_MOST,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (error, _request, reply) => void answerError(error, reply, onFault),
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  );
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, onFault));
  app.setNotFoundHandler(async (request, reply) => {
    const page = await pages(request.raw);
    if (page) return answerPage(page, request, reply);
    const what = `${request.method} ${request.url.split('?')[0]}`;
    throw new ControlError(
      404,
      'no-such-route',
      `There is no ${what}; /api/v1/openapi.json has what there is`,
    );
  });
  const users = new WeakMap<FastifyRequest, string>();
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      bodyLimit: route.open ? OPEN_BODY_MOST : BODY_MOST,
      onRequest: async (request) => {
        if (!route.open) users.set(request, admit(request.raw));
      },
      handler: (request, reply) => answer(route, request, reply),
    });
  }
  async function answer(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const given = await route.call({
      params: paramsOf(request.params),
      query: request.query,
      body: route.body === 'octets' ? octetsOf(request) : request.body,
      signal: gone.signal,
      user: users.get(request) ?? 'nobody',
      exchange: { request: request.raw, header: (name, value) => void reply.header(name, value) },
    });
    if (route.response === 'events') {
      reply.hijack();
      await sendEvents(reply.raw, given as AsyncIterable<SentEvent>).catch(onFault);
      return reply;
    }
    if (route.response === 'octets') return answerOctets(given as Octets, reply);
    if (given === undefined) return reply.code(route.status ?? 204).send();
    return reply
      .code(route.status ?? 200)
      .header('cache-control', 'no-store')
      .send(given);
  }
  await app.ready();
  return {
    handle: (request, response) => app.routing(request, response),
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    close: () => app.close(),
  };
}

/**
 * Has the framework do once what it does for whoever comes: parts of it are loaded no sooner than that, and may be out of reach by
 * then.
 */
export async function rehearseApp(): Promise<void> {
  const app = await createControlApp({
    routes: [
      route({
        ...{ method: 'POST', path: '/:name', summary: 'rehearsal', tag: 'rehearsal' },
        params: z.strictObject({ name: z.string() }),
        body: z.strictObject({ word: z.string() }),
        response: z.string(),
        handle: ({ body }) => body.word,
      }),
    ],
    ...{ admit: () => 'rehearsal', pages: () => undefined, onFault: () => {} },
  });
  const url = '/a?b=c';
  for (const payload of [{ word: 'x' }, { word: 7 }]) await app.inject({ method: 'POST', url, payload });
  await app.inject({ method: 'GET', url });
  await app.close();
}

/**
 * A body as it comes. Whoever reads no further must not take the connection along: the answer that says why goes over it, and the
 * framework reads the rest away.
 */
function octetsOf({ body }: FastifyRequest): OctetSource {
  if (!(body instanceof Readable)) return Readable.from([]);
  return { [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }) };
}

/** `*` as in the route's path. */
function paramsOf(params: unknown): unknown {
  return typeof params === 'object' && params !== null ? { ...params } : {};
}

function answerOctets({ octets, sizeBytes, type, fileName }: Octets, reply: FastifyReply): FastifyReply {
  reply.header('content-type', type ?? 'application/octet-stream');
  if (sizeBytes !== undefined) reply.header('content-length', sizeBytes);
  if (fileName !== undefined) {
    reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`);
  }
  return reply.send(
    octets instanceof Uint8Array ? Buffer.from(octets) : Readable.from(octets, { objectMode: false }),
  );
}

function answerPage(page: Page, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  for (const [name, value] of Object.entries(page.headers ?? {})) reply.header(name, value);
  reply.code(page.status ?? 200).header('content-type', page.type);
  return reply.send(request.method === 'HEAD' ? '' : page.body);
}

/** What fastify itself refuses has a `statusCode` and a code of its own. */
function answerError(error: unknown, reply: FastifyReply, onFault: (error: unknown) => void): FastifyReply {
  if (error instanceof ControlError) {
    if (error.status === 401) reply.header('www-authenticate', 'Bearer');
    // What a stranger goes on sending is not read to its end.
    if ([401, 403, 429].includes(error.status) && !reply.request.raw.complete)
      reply.header('connection', 'close');
    return reply.code(error.status).send(errorBody(error));
  }
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (statusCode !== undefined && statusCode < 500) {
    const word = (code ?? 'bad-request')
      .replace(/^FST_(ERR_)?(CTP_)?/, '')
      .toLowerCase()
      .replaceAll('_', '-');
    return reply
      .code(statusCode)
      .send(errorBody({ code: word, message: message ?? word, details: undefined }));
  }
  // Who left in the middle of what he sent made no mistake of ours.
  const { raw } = reply.request;
  if (raw.complete || !raw.destroyed) onFault(error);
  const told = 'pxed made a mistake here; its log says which';
  return reply.code(500).send(errorBody({ code: 'internal', message: told, details: undefined }));
}
