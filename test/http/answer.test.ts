import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerTo, type FileFacts, type FileRequest } from '../../src/http/answer.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const CHANGED = Date.UTC(2026, 10, 19, 8, 30, 15) + 250;
const FILE: FileFacts = {
  path: 'boot/vmlinuz',
  sizeBytes: 1000,
  state: { identity: '1:2:1000:17', mtimeMs: CHANGED },
};
const SAID = answerTo({ method: 'GET' }, FILE, NOW).headers;
const ETAG = String(SAID.ETag);
const DATE = 'Thu, 19 Nov 2026 08:30:15 GMT';
const BEFORE = 'Thu, 19 Nov 2026 08:30:14 GMT';
const AFTER = 'Thu, 19 Nov 2026 08:30:16 GMT';

test('answerTo() GET sends all of it, with its validators', () => {
  expect(answerTo({ method: 'GET' }, FILE, NOW)).toEqual({
    status: 200,
    headers: {
      ETag: expect.stringMatching(/^"[0-9a-f]{16}"$/),
      'Last-Modified': DATE,
      'Accept-Ranges': 'bytes',
      'Content-Type': 'application/octet-stream',
      'Content-Length': 1000,
    },
    body: { first: 0, length: 1000 },
  });
});

test('answerTo() HEAD says the same and sends nothing', () => {
  expect(answerTo({ method: 'HEAD' }, FILE, NOW)).toEqual({ status: 200, headers: SAID });
});

test('answerTo() one range is 206 with the octets and where they lie', () => {
  const { status, headers, body } = answerTo({ method: 'GET', range: 'bytes=100-199' }, FILE, NOW);
  expect({ status, body }).toEqual({ status: 206, body: { first: 100, length: 100 } });
  expect(headers).toMatchObject({ 'Content-Range': 'bytes 100-199/1000', 'Content-Length': 100, ETag: ETAG });
});

test.each<[title: string, request: Omit<FileRequest, 'method'>, status: number]>([
  ['a range beyond the end', { range: 'bytes=1000-' }, 416],
  ['several ranges', { range: 'bytes=0-1,5-6' }, 200],
  ['the tag it has', { ifNoneMatch: ETAG }, 304],
  ['a list with the tag it has', { ifNoneMatch: `"x", ${ETAG} , W/"y"` }, 304],
  ['its tag, weakly', { ifNoneMatch: `W/${ETAG}` }, 304],
  ['any tag', { ifNoneMatch: '*' }, 304],
  ['another tag', { ifNoneMatch: '"x"' }, 200],
  ['another tag, though its date', { ifNoneMatch: '"x"', ifModifiedSince: DATE }, 200],
  ['the date it has', { ifModifiedSince: DATE }, 304],
  ['a later date', { ifModifiedSince: AFTER }, 304],
  ['an earlier date', { ifModifiedSince: BEFORE }, 200],
  ['what is no date', { ifModifiedSince: 'yesterday' }, 200],
  ['If-Match with its tag', { ifMatch: ETAG }, 200],
  ['If-Match *', { ifMatch: '*' }, 200],
  ['If-Match with its tag, weakly', { ifMatch: `W/${ETAG}` }, 412],
  ['If-Match with another', { ifMatch: '"x"' }, 412],
  ['unmodified since its date', { ifUnmodifiedSince: DATE }, 200],
  ['unmodified since an earlier one', { ifUnmodifiedSince: BEFORE }, 412],
  ['unmodified since an earlier one, but its tag', { ifMatch: ETAG, ifUnmodifiedSince: BEFORE }, 200],
  ['a failed condition before a range', { ifMatch: '"x"', range: 'bytes=0-1' }, 412],
  ['the tag it has, before a range', { ifNoneMatch: ETAG, range: 'bytes=0-1' }, 304],
  ['a range of the file it knows', { range: 'bytes=0-1', ifRange: ETAG }, 206],
  ['a range of another file', { range: 'bytes=0-1', ifRange: '"x"' }, 200],
  ['a range by weak tag', { range: 'bytes=0-1', ifRange: `W/${ETAG}` }, 200],
  ['a range by date', { range: 'bytes=0-1', ifRange: DATE }, 206],
  ['a range by a later date', { range: 'bytes=0-1', ifRange: AFTER }, 200],
  ['If-Range without a range', { ifRange: ETAG }, 200],
  ['an unsatisfiable range of another file', { range: 'bytes=1000-', ifRange: '"x"' }, 200],
])('answerTo() %s', (_, request, status) => {
  expect(answerTo({ method: 'GET', ...request }, FILE, NOW).status).toBe(status);
});

test('answerTo() 304 and 416 carry what they must', () => {
  expect(answerTo({ method: 'GET', ifNoneMatch: '*' }, FILE, NOW)).toEqual({
    status: 304,
    headers: { ETag: ETAG, 'Last-Modified': DATE },
  });
  expect(answerTo({ method: 'GET', range: 'bytes=1000-' }, FILE, NOW).headers).toMatchObject({
    'Content-Range': 'bytes */1000',
    'Content-Length': 0,
  });
});

test('answerTo() heeds no range of HEAD', () => {
  expect(answerTo({ method: 'HEAD', range: 'bytes=0-1' }, FILE, NOW).headers['Content-Length']).toBe(1000);
});

test('answerTo() heeds no date of a file that changed just now: it may have changed twice', () => {
  const fresh = answerTo({ method: 'GET', range: 'bytes=0-1', ifRange: DATE }, FILE, CHANGED + 500);
  expect(fresh.status).toBe(200);
});

test('answerTo() tells no time to come', () => {
  const future = { ...FILE, state: { identity: '1', mtimeMs: NOW + 3_600_000 } };
  expect(answerTo({ method: 'GET' }, future, NOW).headers['Last-Modified']).toBe(
    'Fri, 20 Nov 2026 12:00:00 GMT',
  );
});

test('answerTo() gives another tag for another state of the file', () => {
  const tags = ['1:2:1000:17', '1:2:1000:18', '1:3:1000:17', '2:2:1000:17', '1:2:1001:17'].map(
    (identity) => answerTo({ method: 'GET' }, { ...FILE, state: { identity, mtimeMs: 0 } }, NOW).headers.ETag,
  );
  expect(new Set(tags).size).toBe(tags.length);
});

test('answerTo() what was made for a client is sent whole, and not to be kept', () => {
  const made = { path: 'pxelinux.cfg/default', sizeBytes: 30 };
  expect(answerTo({ method: 'GET', range: 'bytes=0-1', ifNoneMatch: '*' }, made, NOW)).toEqual({
    status: 200,
    headers: {
      'Cache-Control': 'private, no-store',
      'Content-Type': 'application/octet-stream',
      'Content-Length': 30,
    },
    body: { first: 0, length: 30 },
  });
});

test.each([
  ['EFI/BOOT/BOOTX64.EFI', 'application/efi'],
  ['boot.iso', 'application/vnd.efi-iso'],
  ['disk.img', 'application/vnd.efi-img'],
  ['boot.ipxe', 'text/plain; charset=utf-8'],
  ['pxelinux.cfg/default', 'application/octet-stream'],
  ['folder.efi/vmlinuz', 'application/octet-stream'],
])('answerTo() %s is %s', (path, type) => {
  expect(answerTo({ method: 'HEAD' }, { ...FILE, path }, NOW).headers['Content-Type']).toBe(type);
});

test('answerTo() promises as many octets as it sends, within the file, whatever is asked', () => {
  const header = fc.option(fc.oneof(fc.string(), fc.constantFrom('*', ETAG, DATE, 'bytes=0-', 'bytes=-7')), {
    nil: undefined,
  });
  const request = fc.record({
    method: fc.constantFrom('GET' as const, 'HEAD' as const),
    ...{ range: header, ifMatch: header, ifNoneMatch: header, ifModifiedSince: header },
    ...{ ifUnmodifiedSince: header, ifRange: header },
  });
  fc.assert(
    fc.property(request, fc.nat(5000), (asked, sizeBytes) => {
      const { status, headers, body } = answerTo(asked, { ...FILE, sizeBytes }, NOW);
      if (status !== 304) expect(headers['Content-Length']).toBeTypeOf('number');
      if (!body) return;
      expect(headers['Content-Length']).toBe(body.length);
      expect(body.first + body.length).toBeLessThanOrEqual(sizeBytes);
    }),
    { numRuns: 1000 },
  );
});
