import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/client/exchange.ts';
import { fetchByHost } from '../../src/client/host-http.ts';
import type { HttpFile, HttpRequest } from '../../src/client/http-file.ts';

describe('fetchByHost()', () => {
  let server: Server;
  let origin = '';
  /** Cuts the connection of a file without a length. */
  let reset = () => {};

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/file') {
        response.setHeader('Content-Type', 'application/efi');
        response.setHeader('Content-Length', 5);
        response.end(request.method === 'HEAD' ? undefined : 'hello');
      } else if (request.url === '/cut') {
        response.setHeader('Content-Length', 500);
        response.write('hello', () => response.destroy());
      } else if (request.url === '/moved') {
        response.writeHead(301, { location: '/file' });
        response.end();
      } else if (request.url === '/cut-chunks') {
        response.write('hello', () => response.destroy());
      } else if (request.url === '/no-chunks') {
        request.socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n');
      } else if (request.url === '/endless') {
        response.removeHeader('Transfer-Encoding');
        response.write('hello');
        reset = () => request.socket.resetAndDestroy();
      } else {
        response.statusCode = request.url === '/gone' ? 404 : 500;
        response.end();
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  function fetched(path: string, more: Partial<HttpRequest> = {}): Promise<Outcome<HttpFile>> {
    const url = path.startsWith('/') ? origin + path : path;
    return new Promise((done) =>
      fetchByHost({ url, method: 'GET', keepBytes: 3, ...more }, '127.0.0.1', done),
    );
  }

  test('counts a file, keeps its beginning, and shows all of it to whoever looks', async () => {
    let seen = 0;
    const outcome = await fetched('/file', {
      onData(part) {
        seen += part.length;
      },
    });
    expect(outcome).toMatchObject({ ok: true, value: { sizeBytes: 5, contentType: 'application/efi' } });
    expect(outcome.ok && outcome.value.head).toEqual(Uint8Array.of(0x68, 0x65, 0x6c));
    expect(seen).toBe(5);
  });

  test('takes what HEAD announces', async () => {
    expect(await fetched('/file', { method: 'HEAD' })).toMatchObject({ ok: true, value: { sizeBytes: 5 } });
  });

  test.each([
    ['/gone', 'not-found'],
    ['/broken', 'http-error'],
    ['/cut', 'wrong-size'],
    ['/cut-chunks', 'http-reset'],
    ['/no-chunks', 'not-http'],
    ['http://127.0.0.1:1/', 'http-refused'],
    ['ftp://127.0.0.1/', 'url-unusable'],
  ])('says what is wrong with %s', async (path, why) => {
    expect(await fetched(path)).toMatchObject({ ok: false, why });
  });

  test('tells where a redirect would lead', async () => {
    const detail = `${origin}/moved: HTTP 301, to /file`;
    expect(await fetched('/moved')).toEqual({ ok: false, why: 'http-error', detail });
  });

  test('does not take a file for whole that had no length, and whose connection was cut', async () => {
    expect(await fetched('/endless', { onData: () => reset() })).toEqual({
      ok: false,
      why: 'http-reset',
      detail: `${origin}/endless: the connection was cut after 5 octets`,
    });
  });
});
