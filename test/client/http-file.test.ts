import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partsOfUrl } from '../../src/client/http-fetch.ts';
import { httpFileOf, LONGEST_HEAD, readResponseHead } from '../../src/client/http-file.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';

describe('readResponseHead()', () => {
  test('reads status and headers, and says where the body begins', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\r\nX: b\r\n\r\n';
    const decoded = readResponseHead(latin1Encode(`${head}hello`));
    expect(decoded).toMatchObject({ ok: true, value: { status: 200, length: head.length } });
    expect(decoded.ok && [...decoded.value.headers]).toEqual([
      ['content-length', '5'],
      ['x', 'b'],
    ]);
  });

  test.each([
    ['head-incomplete', 'HTT'],
    ['head-incomplete', 'HTTP/1.1 200 OK\r\nContent'],
    ['not-http', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['not-http', 'HTTP/2 200\r\n\r\n'],
    ['not-http', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(LONGEST_HEAD)}`],
  ])('says %s', (reason, text) => {
    expect(readResponseHead(latin1Encode(text))).toEqual({ ok: false, reason });
  });

  test('never throws, whatever the octets', () => {
    const text = fc.array(
      fc.constantFrom('HTTP/1.1 ', '200', ' ', '\r\n', ':', 'Content-Length', '\n', 'x', '\0'),
    );
    fc.assert(
      fc.property(text, (words) => {
        expect(typeof readResponseHead(latin1Encode(words.join(''))).ok).toBe('boolean');
      }),
    );
  });
});

describe('httpFileOf()', () => {
  const request = { url: 'http://10.0.0.1/k', method: 'GET', keepBytes: 4 } as const;
  const response = {
    status: 200,
    announced: 5,
    contentType: undefined,
    received: 5,
    head: new Uint8Array(4),
  };
  test.each([
    [{}, undefined],
    [{ status: 404 }, 'not-found'],
    [{ status: 503 }, 'http-error'],
    [{ status: 302 }, 'http-error'],
    [{ received: 3 }, 'wrong-size'],
  ])('of %j', (spoilt, why) => {
    const outcome = httpFileOf(request, { ...response, ...spoilt });
    expect(outcome.ok ? undefined : outcome.why).toBe(why);
  });

  test('takes what HEAD announces, and wants it announced', () => {
    const head = { ...request, method: 'HEAD' } as const;
    expect(httpFileOf(head, { ...response, received: 0 })).toMatchObject({
      ok: true,
      value: { sizeBytes: 5 },
    });
    expect(httpFileOf(head, { ...response, announced: undefined })).toMatchObject({
      ok: false,
      why: 'no-length',
    });
  });
});

test.each([
  ['http://10.0.0.1/a/b', { host: '10.0.0.1', port: 80, target: '/a/b' }],
  ['http://boot.example:8080', { host: 'boot.example', port: 8080, target: '/' }],
  ['HTTP://h/a?mac=1#x', { host: 'h', port: 80, target: '/a?mac=1' }],
  ['http://h/a b', { host: 'h', port: 80, target: '/a%20b' }],
  ['http://h\r\nX: y/a', undefined],
  ['https://h/a', undefined],
  ['http://h:0/', undefined],
  ['http://h:99999/', undefined],
  [`http://h/${'a'.repeat(2000)}`, undefined],
])('partsOfUrl() of %s', (url, want) => {
  expect(partsOfUrl(url)).toEqual(want);
});
