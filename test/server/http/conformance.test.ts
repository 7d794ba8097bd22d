import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { unprivileged } from '../../rig/unprivileged.ts';
import { ask, connectTo, folderWith, startServer } from './rig.ts';

const TEXT = 'PXE boots: 0123456789';

/** Each test has a server of its own; they take milliseconds. */
let port = 0;
let root = '';
beforeEach(async () => {
  root = folderWith({
    vmlinuz: TEXT,
    empty: '',
    'EFI/BOOT/BOOTX64.EFI': 'MZ',
    'a b.txt': 'blank',
    'pxelinux.cfg/default': 'DEFAULT local',
    '.pxed-00ff.part': 'half',
  });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), 'latin1');
  symlinkSync('/etc/passwd', join(root, 'outside'));
  symlinkSync('vmlinuz', join(root, 'link'));
  symlinkSync('nowhere', join(root, 'dangling'));
  mkdirSync(join(root, 'folder'));
  ({ port } = await startServer(root));
});

test.each<[line: string, status: number, body: string]>([
  ['GET /vmlinuz', 200, TEXT],
  ['GET //vmlinuz', 200, TEXT],
  ['GET /./vmlinuz', 200, TEXT],
  ['GET /vmlinuz?uuid=1&x=../..', 200, TEXT],
  ['GET http://pxe/vmlinuz', 200, TEXT],
  ['GET /%76mlinuz', 200, TEXT],
  ['GET /VMLINUZ', 200, TEXT],
  ['GET /link', 200, TEXT],
  ['GET /empty', 200, ''],
  ['GET /efi/boot/bootx64.efi', 200, 'MZ'],
  ['GET /EFI%5CBOOT%5CBOOTX64.EFI', 200, 'MZ'],
  ['GET /a%20b.txt', 200, 'blank'],
  ['GET /caf%e9', 200, 'latin1'],
  ['GET /pxelinux.cfg/default', 200, 'DEFAULT local'],
  ['GET /', 404, '404 Not Found\n'],
  ['GET /folder', 404, '404 Not Found\n'],
  ['GET /folder/', 404, '404 Not Found\n'],
  ['GET /vmlinuz/', 404, '404 Not Found\n'],
  ['GET /vmlinuz/x', 404, '404 Not Found\n'],
  ['GET /missing', 404, '404 Not Found\n'],
  ['GET /dangling', 404, '404 Not Found\n'],
  ['GET /.pxed-00ff.part', 404, '404 Not Found\n'],
  ['GET /outside', 404, '404 Not Found\n'],
  ['GET /../etc/passwd', 400, '400 Bad Request\n'],
  ['GET /%2e%2e/etc/passwd', 400, '400 Bad Request\n'],
  ['GET /..%5cetc', 400, '400 Bad Request\n'],
  ['GET /a/%2E%2e%2f%2e%2e/vmlinuz', 400, '400 Bad Request\n'],
  ['GET /%', 400, '400 Bad Request\n'],
  ['GET /vmlinuz%00.txt', 400, '400 Bad Request\n'],
  ['OPTIONS *', 405, '405 Method Not Allowed\n'],
  ['OPTIONS /vmlinuz', 405, '405 Method Not Allowed\n'],
  ['DELETE /vmlinuz', 405, '405 Method Not Allowed\n'],
  ['PROPFIND /', 405, '405 Method Not Allowed\n'],
  ['POST /vmlinuz', 405, '405 Method Not Allowed\n'],
  ['PUT /new', 405, '405 Method Not Allowed\n'],
])('startHttpServer() %s is %i', async (line, status, body) => {
  const reply = await ask(port, line);
  expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status, body });
  expect(reply.headers['content-length']).toBe(String(body.length));
  expect(reply.headers['transfer-encoding']).toBeUndefined();
  if (status === 405) expect(reply.headers.allow).toBe('GET, HEAD');
});

test.each<[head: string, status: number, body: string]>([
  ['Range: bytes=0-2', 206, 'PXE'],
  ['Range: bytes=-4', 206, '6789'],
  ['Range: bytes=11-', 206, '0123456789'],
  ['Range: bytes=0-0,2-2', 200, TEXT],
  ['Range: bytes=21-', 416, ''],
  ['If-None-Match: *', 304, ''],
  ['If-None-Match: "x"', 200, TEXT],
  ['If-Match: "x"', 412, ''],
  ['If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT', 200, TEXT],
  ['If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT', 412, ''],
])('startHttpServer() GET with %s is %i', async (head, status, body) => {
  const reply = await ask(port, 'GET /vmlinuz', [head]);
  expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status, body });
});

test.each([
  [300, 404],
  [9000, 414],
])('startHttpServer() a name of %i octets is %i', async (length, status) => {
  expect((await ask(port, `GET /${'a'.repeat(length)}`)).status).toBe(status);
});

test('startHttpServer() HTTP/1.1 without Host is 400', async () => {
  const client = connectTo(port);
  client.send('GET /vmlinuz HTTP/1.1\r\n\r\n');
  expect((await client.reply()).body.toString()).toBe('400 Bad Request\n');
});

test.each(['1.0', '1.1'])('startHttpServer() HTTP/%s with two Hosts is 400', async (version) => {
  const client = connectTo(port);
  client.send(`GET /vmlinuz HTTP/${version}\r\nHost: pxe\r\nHost: other\r\n\r\n`);
  expect((await client.reply()).status).toBe(400);
});

test('startHttpServer() HEAD tells what GET would, and sends nothing', async () => {
  const client = connectTo(port);
  client.send('HEAD /EFI/BOOT/BOOTX64.EFI HTTP/1.1\r\nHost: pxe\r\n\r\n');
  const { status, headers } = await client.reply(true);
  expect(status).toBe(200);
  expect(headers).toMatchObject({ 'content-length': '2', 'content-type': 'application/efi' });
  // The next answer begins at once: there was no body.
  client.send('GET /vmlinuz HTTP/1.1\r\nHost: pxe\r\nConnection: close\r\n\r\n');
  expect((await client.reply()).body.toString()).toBe(TEXT);
  expect(await client.ended).toEqual(Buffer.alloc(0));
});

test('startHttpServer() writes the names of headers as GRUB 2.06 compares them', async () => {
  const { lines } = await ask(port, 'GET /vmlinuz');
  expect(lines[0]).toBe('HTTP/1.1 200 OK');
  expect(lines).toContain('Content-Length: 21');
  expect(lines).toContain('Accept-Ranges: bytes');
});

test('startHttpServer() a tag and a date make the second request short', async () => {
  const first = await ask(port, 'GET /vmlinuz');
  const { etag = '', 'last-modified': date = '' } = first.headers;
  expect((await ask(port, 'GET /vmlinuz', [`If-None-Match: ${etag}`])).status).toBe(304);
  expect((await ask(port, 'GET /vmlinuz', [`If-Modified-Since: ${date}`])).status).toBe(304);
  writeFileSync(join(root, 'vmlinuz'), `${TEXT}!`);
  const changed = await ask(port, 'GET /vmlinuz', [`If-None-Match: ${etag}`]);
  expect(changed.body.toString()).toBe(`${TEXT}!`);
  expect(changed.headers.etag).not.toBe(etag);
});

test('startHttpServer() answers an HTTP/1.0 client (lpxelinux) and ends its connection', async () => {
  const client = connectTo(port);
  client.send('GET /vmlinuz HTTP/1.0\r\nCookie: _Syslinux_BOOTIF=01-52-54-00\r\n\r\n');
  const { status, headers, body } = await client.reply();
  expect({ status, body: body.toString() }).toEqual({ status: 200, body: TEXT });
  expect(headers.connection).toBe('close');
  await client.ended;
});

test('startHttpServer() answers requests of one connection in order, also those that were sent at once', async () => {
  const client = connectTo(port);
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: pxe\r\n\r\n`;
  client.send(get('/vmlinuz') + get('/missing') + get('/empty') + get('/a%20b.txt'));
  const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
  expect(replies.map(({ status, body }) => [status, body.toString()])).toEqual([
    [200, TEXT],
    [404, '404 Not Found\n'],
    [200, ''],
    [200, 'blank'],
  ]);
});

test.each([
  ['no request', 'hello\r\n\r\n', 400],
  ['too many headers', `GET /vmlinuz HTTP/1.1\r\nHost: pxe\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('startHttpServer() refuses %s and ends the connection', async (_, text, status) => {
  const client = connectTo(port);
  client.send(text);
  expect((await client.reply()).status).toBe(status);
  await client.ended;
});

test('startHttpServer() 403 for what it may not read', async () => {
  chmodSync(root, 0o755);
  chmodSync(join(root, 'vmlinuz'), 0);
  await unprivileged(async () => {
    expect((await ask(port, 'GET /vmlinuz')).status).toBe(403);
    expect((await ask(port, 'GET /empty')).status).toBe(200);
  });
});
