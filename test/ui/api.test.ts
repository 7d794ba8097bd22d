import { afterEach, expect, test, vi } from 'vitest';
import { ApiProblem, createApi, problemOf } from '../../src/ui/api/api.ts';

afterEach(() => vi.unstubAllGlobals());

type Asked = { url: string; init: RequestInit };

function answering(status: number, body: string) {
  const asked: Asked[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    return new Response(status === 204 ? null : body, { status });
  });
  let signedOut = 0;
  const api = createApi({ csrf: () => 'the-word', onSignedOut: () => void signedOut++ });
  return { api, asked, signedOut: () => signedOut };
}

test('createApi() sends the session’s word with each request, and JSON where there is something to say', async () => {
  const { api, asked } = answering(200, '{"text":"done"}');
  expect(await api.send('POST', 'reload', { now: true })).toEqual({ text: 'done' });
  await api.get('status');
  expect(asked[0]).toMatchObject({
    url: '/api/v1/reload',
    init: {
      method: 'POST',
      body: '{"now":true}',
      headers: { 'pxed-csrf': 'the-word', 'content-type': 'application/json' },
    },
  });
  expect(asked[1]!.init.headers).not.toHaveProperty('content-type');
});

test('createApi() takes an answer of nothing', async () => {
  expect(await answering(204, '').api.send('POST', 'logout')).toBeUndefined();
});

test('createApi() tells why something is not done, and notices that the session is over', async () => {
  const body = '{"error":{"code":"no-token","message":"Needs the token"}}';
  const { api, signedOut } = answering(401, body);
  await expect(api.get('status')).rejects.toMatchObject({ code: 'no-token', status: 401 });
  expect(signedOut()).toBe(1);
  const wrong = answering(401, '{"error":{"code":"wrong-token","message":"This is not the token"}}');
  await expect(wrong.api.send('POST', 'login', {})).rejects.toThrow('This is not the token');
  expect(wrong.signedOut()).toBe(0);
});

test('createApi() says so where nobody answers', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  const api = createApi({ csrf: () => undefined, onSignedOut: () => {} });
  await expect(api.get('status')).rejects.toMatchObject({ code: 'unreachable' });
});

test.each(['<html>502</html>', '', '{}', '{"error":7}'])('problemOf() makes a problem of %j', (text) => {
  const problem = problemOf(502, text);
  expect(problem).toBeInstanceOf(ApiProblem);
  expect(problem.status).toBe(502);
});
