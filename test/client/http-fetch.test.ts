import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHttpFetch, type HttpFetch } from '../../src/client/http-fetch.ts';
import { TCP_FLAG, type TcpSegment } from '../../src/frame/tcp.ts';
import { concatBytes, latin1Decode, latin1Encode } from '../../src/lib/bytes.ts';

const { syn, ack, fin, rst } = TCP_FLAG;
const MSS = 1460;

type Server = {
  /** What it says to the question. */
  readonly response: Uint8Array;
  /** 0..99 for each segment on its way: below 10 it is lost, below 20 it comes twice. */
  readonly fate?: () => number;
  readonly mute?: boolean;
  readonly refuses?: boolean;
  /** Resets after so many octets. */
  readonly resetsAt?: number;
};

/** A TCP server of the smallest kind: sends in order within the window, and again what is not acknowledged. */
function exchange(server: Server, url = 'http://10.0.0.1/file') {
  const first = 0xffff_f000; // goes round soon
  let now = 0;
  let question = '';
  let acked = 0;
  let sent = 0;
  let window = MSS;
  let established = false;
  let resendAt = Number.POSITIVE_INFINITY;
  const fate = server.fate ?? (() => 50);
  const body: Uint8Array[] = [];
  const fetch = createHttpFetch(
    { url, method: 'GET', keepBytes: 16, onData: (part) => void body.push(part.slice()) },
    { port: 33_000, sequence: 0xffff_fff0 },
    now,
  );

  function toClient(fields: Partial<TcpSegment>): void {
    const dice = fate();
    const whole = { fromPort: 80, toPort: 33_000, window: 60_000, payload: new Uint8Array(0) };
    const segment = { ...whole, sequence: 0, acknowledgment: 0, flags: ack, ...fields };
    if (dice >= 10) fetch.receive(segment, now);
    if (dice >= 10 && dice < 20) fetch.receive(segment, now);
  }

  function serve(acknowledgment: number): void {
    const { response, resetsAt } = server;
    if (resetsAt !== undefined && acked >= resetsAt) {
      toClient({ flags: rst | ack, sequence: (first + 1 + acked) >>> 0, acknowledgment });
      return;
    }
    const end = Math.min(response.length, acked + window);
    for (let at = sent; at < end; at += MSS) {
      const payload = response.subarray(at, Math.min(at + MSS, end));
      const last = at + payload.length === response.length;
      toClient({ sequence: (first + 1 + at) >>> 0, acknowledgment, payload, flags: last ? ack | fin : ack });
    }
    sent = Math.max(sent, end);
    resendAt = acked < response.length ? now + 200 : Number.POSITIVE_INFINITY;
  }

  let confirmed = 0;
  function toServer(segment: TcpSegment): void {
    if (server.mute || fate() < 10) return;
    if ((segment.flags & syn) !== 0) {
      const flags = server.refuses ? rst | ack : syn | ack;
      toClient({ flags, sequence: first, acknowledgment: (segment.sequence + 1) >>> 0, mss: MSS });
      return;
    }
    if (segment.payload.length > 0) question = latin1Decode(segment.payload);
    established = established || question !== '';
    if (!established) return;
    window = segment.window;
    confirmed = (segment.sequence + segment.payload.length) >>> 0;
    const got = (segment.acknowledgment - first - 1) >>> 0;
    if (got <= server.response.length + 1) acked = Math.max(acked, Math.min(got, server.response.length));
    if (segment.payload.length > 0 || got <= server.response.length) serve(confirmed);
  }

  for (let turns = 0; turns < 20_000; turns++) {
    for (let next = fetch.poll(now); next; next = fetch.poll(now)) toServer(next);
    if (fetch.result()) break;
    now = Math.max(now, Math.min(fetch.deadline(), resendAt));
    if (now >= resendAt) {
      sent = acked;
      serve(confirmed);
    }
  }
  return { fetch, result: fetch.result(), question, body: concatBytes(body), now };
}

const respond = (
  content: Uint8Array,
  head = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`,
) => concatBytes([latin1Encode(head), content]);

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('createHttpFetch()', () => {
  test('asks for the file and reads it whole, over sequence numbers that go round', () => {
    const content = Uint8Array.from({ length: 50_000 }, (_, i) => i * 7);
    const { result, question, body } = exchange({ response: respond(content) });
    expect(question).toMatch(/^GET \/file HTTP\/1\.1\r\nHost: 10\.0\.0\.1\r\nConnection: close\r\n/);
    expect(result).toMatchObject({ ok: true, value: { sizeBytes: 50_000, head: content.subarray(0, 16) } });
    expect(body).toEqual(content);
  });

  test('reads a file that ends with the connection', () => {
    const { result } = exchange({ response: respond(latin1Encode('hello'), 'HTTP/1.0 200 OK\r\n\r\n') });
    expect(result).toMatchObject({ ok: true, value: { sizeBytes: 5 } });
  });

  test('reads a file in chunks, and counts nothing but the file', () => {
    const content = Uint8Array.from({ length: 9000 }, (_, i) => i * 7);
    const sent = concatBytes([
      latin1Encode('1388\r\n'),
      content.subarray(0, 5000),
      latin1Encode('\r\nfa0;x=y\r\n'),
      content.subarray(5000),
      latin1Encode('\r\n0\r\nX: y\r\n\r\n'),
    ]);
    const { result, body } = exchange({ response: respond(sent, CHUNKED) });
    expect(result).toMatchObject({ ok: true, value: { sizeBytes: 9000, head: content.subarray(0, 16) } });
    expect(body).toEqual(content);
  });

  test.each<[string, Partial<Server>, string]>([
    [
      'chunks without the last one',
      { response: respond(latin1Encode('2\r\nhi\r\n'), CHUNKED) },
      'http-reset',
    ],
    ['a cut chunk', { response: respond(latin1Encode('9\r\nhi'), CHUNKED) }, 'http-reset'],
    ['what is no chunk', { response: respond(latin1Encode('hello\r\n'), CHUNKED) }, 'not-http'],
    ['a closed port', { refuses: true }, 'http-refused'],
    ['silence', { mute: true }, 'timeout'],
    ['a connection that is cut', { resetsAt: 3000 }, 'http-reset'],
    ['404', { response: respond(new Uint8Array(0), 'HTTP/1.1 404 Not Found\r\n\r\n') }, 'not-found'],
    ['500', { response: respond(new Uint8Array(0), 'HTTP/1.1 500 Oops\r\n\r\n') }, 'http-error'],
    ['something else', { response: latin1Encode('SSH-2.0-x\r\n') }, 'not-http'],
    [
      'less than was announced',
      { response: respond(new Uint8Array(99), 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n') },
      'wrong-size',
    ],
  ])('names %s', (_, spoilt, why) => {
    const { result } = exchange({ response: respond(new Uint8Array(20_000)), ...spoilt });
    expect(result).toMatchObject({ ok: false, why });
  });

  test('tells where a redirect would lead', () => {
    const head = 'HTTP/1.1 302 Found\r\nLocation: http://10.0.0.2/file\r\n\r\n';
    expect(exchange({ response: respond(new Uint8Array(0), head) }).result).toEqual({
      ok: false,
      why: 'http-error',
      detail: 'http://10.0.0.1/file: HTTP 302, to http://10.0.0.2/file',
    });
  });

  test('gives up a silent server after a bounded time', () => {
    const { now } = exchange({ response: new Uint8Array(0), mute: true });
    expect(now).toBeLessThanOrEqual(15_000);
  });

  test('reads a file byte for byte over a link that loses and doubles segments', () => {
    const content = Uint8Array.from({ length: 9_000 }, (_, i) => i * 13);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 2 }), (seed) => {
        let state = seed;
        const fate = () => {
          state = (state * 48_271) % 0x7fff_ffff; // Park and Miller's: even, and the same for the same seed
          return state % 100;
        };
        const { result, body } = exchange({ response: respond(content), fate });
        // Five questions lost in a row end it; that is rare, and no damage.
        if (result?.ok) expect(body).toEqual(content);
        else expect(['timeout', undefined]).toContain(result?.why);
      }),
      { numRuns: 60 },
    );
  });

  test('never throws, whatever segments come', () => {
    const segment = fc.record({
      fromPort: fc.constant(80),
      toPort: fc.constant(33_000),
      sequence: fc.integer({ min: 0, max: 3000 }),
      acknowledgment: fc.constantFrom(0, 2, 101, 300),
      flags: fc.integer({ min: 0, max: 63 }),
      window: fc.constant(1000),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constant(latin1Encode('HTTP/1.1 200 OK\r\n\r\nx')),
      ),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 20 }), (segments) => {
        const fetch: HttpFetch = createHttpFetch(
          { url: 'http://10.0.0.1/', method: 'GET', keepBytes: 9 },
          { port: 33_000, sequence: 1 },
          0,
        );
        for (const [at, one] of segments.entries()) {
          for (let next = fetch.poll(at); next; next = fetch.poll(at)) expect(next.toPort).toBe(80);
          fetch.receive(one, at);
        }
        expect(['undefined', 'object']).toContain(typeof fetch.result());
      }),
    );
  });
});
