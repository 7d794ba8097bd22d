import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type ControlApp, createControlApp } from '../../../src/server/control/app.ts';
import { ControlError } from '../../../src/server/control/control-error.ts';
import { nothing, type Route, route } from '../../../src/server/control/route.ts';

let app: ControlApp | undefined;
let faults: unknown[] = [];
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const SHARED = { tag: 'test', summary: 'a test' };

async function appOf(routes: readonly Route[], admit: (request: IncomingMessage) => string = () => 'ann') {
  faults = [];
  app = await createControlApp({
    routes,
    admit,
    pages: ({ url }) => (url === '/page' ? { type: 'text/plain', body: 'a page' } : undefined),
    onFault: (error) => void faults.push(error),
  });
  return app;
}

const echo = route({
  ...SHARED,
  method: 'POST',
  path: '/api/v1/echo/:name',
  params: z.strictObject({ name: z.string() }),
  body: z.strictObject({ word: z.string() }),
  response: z.strictObject({ said: z.string() }),
  handle: ({ params, body, user }) => ({ said: `${user}: ${params.name} ${body.word}` }),
});

test('createControlApp() answers a route with JSON', async () => {
  const { inject } = await appOf([echo]);
  const answer = await inject({ method: 'POST', url: '/api/v1/echo/b%20c', payload: { word: 'hi' } });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ said: 'ann: b c hi' });
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});

test.each([
  { name: 'no JSON', payload: '{"word":', type: 'application/json', status: 400, code: 'invalid-json-body' },
  { name: 'nothing', payload: '', type: 'application/json', status: 400, code: 'empty-json-body' },
  {
    name: 'a form',
    payload: 'word=a',
    type: 'application/x-www-form-urlencoded',
    status: 415,
    code: 'invalid-media-type',
  },
  { name: 'text', payload: '{"word":"a"}', type: 'text/plain', status: 415, code: 'invalid-media-type' },
  {
    name: 'another shape',
    payload: '{"word":7}',
    type: 'application/json',
    status: 400,
    code: 'bad-request',
  },
  {
    name: 'a prototype',
    payload: '{"word":"a","__proto__":{"x":1}}',
    type: 'application/json',
    status: 400,
    code: /./,
  },
  {
    name: 'too much',
    payload: `{"word":"${'a'.repeat(5_000_000)}"}`,
    type: 'application/json',
    status: 413,
    code: 'body-too-large',
  },
])(
  'createControlApp() refuses a body that is $name, with a code',
  async ({ payload, type, status, code }) => {
    const { inject } = await appOf([echo]);
    const answer = await inject({
      ...{ method: 'POST', url: '/api/v1/echo/a', payload },
      headers: { 'content-type': type },
    });
    expect(answer.statusCode).toBe(status);
    const { error } = answer.json() as { error: { code: string; message: string } };
    expect(error.code).toMatch(code);
    expect(error.message).not.toBe('');
    expect(faults).toEqual([]);
  },
);

test('createControlApp() asks who it is before it reads a body', async () => {
  const read: string[] = [];
  const sent = Readable.from(
    (function* () {
      read.push('first');
      yield Buffer.alloc(10);
    })(),
  );
  const { inject } = await appOf([echo], () => {
    throw new ControlError(401, 'no-token', 'Who are you?');
  });
  const answer = await inject({
    ...{ method: 'POST', url: '/api/v1/echo/a', payload: sent },
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.statusCode).toBe(401);
  expect(answer.headers['www-authenticate']).toBe('Bearer');
  expect(answer.json()).toEqual({ error: { code: 'no-token', message: 'Who are you?' } });
});

test('createControlApp() lets everybody ask an open route', async () => {
  const open = route({
    ...{ ...SHARED, method: 'GET', path: '/api/v1/door', open: true, response: z.string() },
    handle: ({ user }) => user,
  });
  const { inject } = await appOf([open], () => {
    throw new ControlError(401, 'no-token', 'no');
  });
  expect((await inject('/api/v1/door')).body).toBe('nobody');
});

test('createControlApp() keeps no more of what strangers send than they need', async () => {
  const open = route({
    ...{ ...SHARED, method: 'POST', path: '/api/v1/open', open: true, response: z.string() },
    ...{ body: z.looseObject({}), handle: () => 'open' },
  });
  const closed = route({
    ...{ ...SHARED, method: 'POST', path: '/api/v1/closed', response: z.string() },
    ...{ body: z.looseObject({}), handle: () => 'closed' },
  });
  const { inject } = await appOf([open, closed]);
  const post = async (url: string, length: number) => {
    const payload = { word: 'x'.repeat(length) };
    return (await inject({ method: 'POST', url, payload })).statusCode;
  };
  expect(await post('/api/v1/open', 2000)).toBe(200);
  expect(await post('/api/v1/open', 100_000)).toBe(413);
  expect(await post('/nothing', 2000)).toBe(404);
  expect(await post('/nothing', 100_000)).toBe(413);
  expect(await post('/api/v1/closed', 1_000_000)).toBe(200);
  expect(await post('/api/v1/closed', 5_000_000)).toBe(413);
});

test('createControlApp() hides a defect from whoever asked, and tells of it', async () => {
  const broken = route({
    ...{ ...SHARED, method: 'GET', path: '/api/v1/broken', response: nothing },
    handle: () => {
      throw new Error('secret');
    },
  });
  const { inject } = await appOf([broken]);
  const answer = await inject('/api/v1/broken');
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('secret');
  expect(faults).toMatchObject([{ message: 'secret' }]);
});

test('createControlApp() gives details of a ControlError', async () => {
  const refusing = route({
    ...{ ...SHARED, method: 'GET', path: '/api/v1/no', response: nothing },
    handle: () => {
      throw new ControlError(422, 'bad-configuration', 'two mistakes', { problems: ['a', 'b'] });
    },
  });
  const answer = await (await appOf([refusing])).inject('/api/v1/no');
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toEqual({
    error: { code: 'bad-configuration', message: 'two mistakes', details: { problems: ['a', 'b'] } },
  });
});

test('createControlApp() takes octets as they come, and gives them back', async () => {
  const mirror = route({
    ...{ ...SHARED, method: 'PUT', path: '/api/v1/files/*', body: 'octets', response: 'octets' },
    params: z.strictObject({ '*': z.string() }),
    async handle({ params, body }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const octets = Buffer.concat(chunks);
      return { octets, sizeBytes: octets.length, fileName: params['*'] };
    },
  });
  const { inject } = await appOf([mirror]);
  const payload = Buffer.alloc(6_000_000, 7); // more than JSON may have
  const answer = await inject({
    ...{ method: 'PUT', url: '/api/v1/files/a/b.img', payload },
    headers: { 'content-type': 'application/octet-stream' },
  });
  expect(answer.statusCode).toBe(200);
  expect(answer.rawPayload.equals(payload)).toBe(true);
  expect(answer.headers['content-type']).toBe('application/octet-stream');
  expect(answer.headers['content-disposition']).toBe("attachment; filename*=UTF-8''a%2Fb.img");
});

test('createControlApp() says 204 where there is nothing to say', async () => {
  const quiet = route({
    ...{ ...SHARED, method: 'DELETE', path: '/api/v1/thing', response: nothing },
    handle: () => undefined,
  });
  const answer = await (await appOf([quiet])).inject({ method: 'DELETE', url: '/api/v1/thing' });
  expect([answer.statusCode, answer.body]).toEqual([204, '']);
});

test('createControlApp() has pages beside its routes, and 404 for the rest', async () => {
  const { inject } = await appOf([echo]);
  expect((await inject('/page')).body).toBe('a page');
  for (const url of ['/', '/api/v1/nothing', '/api/v1/echo/a?x', '/%00', '/%e0%a4%a']) {
    const answer = await inject({ method: 'GET', url });
    expect(answer.statusCode, url).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode, url).toBeLessThan(500);
    expect(answer.json(), url).toMatchObject({ error: { code: expect.any(String) } });
  }
});
