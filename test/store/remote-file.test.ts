import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileNotFound, TftpError } from '../../src/lib/tftp-error.ts';
import { createFileStore } from '../../src/store/file-store.ts';
import type { FileStore } from '../../src/store/file-store-face.ts';
import { openUrl } from '../../src/store/remote-file.ts';

const FILE = 'octets of a kernel'.repeat(10_000);
const digest = (algorithm: string, encoding: 'hex' | 'base64') =>
  createHash(algorithm).update(FILE).digest(encoding);

let root: string;
let files: FileStore;
let servers: Server[];
let asked: IncomingMessage[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-remote-'));
  files = createFileStore({ root });
  servers = [];
  asked = [];
});

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(root, { recursive: true, force: true });
});

/** Its URL, without a slash at the end. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof TftpError)) throw error;
    return error.reason;
  }
}

test('putFrom() stores what a URL gives, once', async () => {
  const url = await serve((_, response) => void response.end(FILE));
  expect(await files.putFrom(`${url}/vmlinuz`, 'vmlinuz')).toMatchObject({
    state: 'created',
    sha256: digest('sha256', 'hex'),
  });
  expect(await files.putFrom(`${url}/vmlinuz`, 'vmlinuz')).toMatchObject({ state: 'same' });
  expect(readFileSync(join(root, 'vmlinuz'), 'utf8')).toBe(FILE);
});

test.each([
  { name: 'Repr-Digest', header: { 'repr-digest': `sha-256=:${digest('sha256', 'base64')}:` } },
  { name: 'Content-MD5', header: { 'content-md5': digest('md5', 'base64') } },
])('putFrom() does not fetch what the server says ($name) that we have', async ({ header }) => {
  const closed = Promise.withResolvers<void>();
  let whole = true;
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': FILE.length, ...header });
    if (whole) return response.end(FILE);
    response.write(FILE.slice(0, 100));
    response.once('close', closed.resolve); // the rest never comes: whoever waits for it hangs
  });
  await files.putFrom(`${url}/a`, 'a');
  whole = false;
  expect(await files.putFrom(`${url}/a`, 'a')).toMatchObject({ state: 'same' });
  await closed.promise;
});

test('putFrom() follows redirects, and not for ever', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/end') response.end(FILE);
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (request.url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    else response.writeHead(307, { location: '/end' }).end();
  });
  expect(await files.putFrom(`${url}/start`, 'a')).toMatchObject({ state: 'created' });
  expect(await reasonOf(files.putFrom(`${url}/loop`, 'b'))).toBe('source');
  expect(await reasonOf(files.putFrom(`${url}/file`, 'b'))).toBe('source');
  expect(readdirSync(root)).toEqual(['a']);
});

test('putFrom() asks about each URL on the way', async () => {
  const inside = await serve((_, response) => void response.end('metadata of the cloud'));
  const url = await serve((_, response) => void response.writeHead(302, { location: `${inside}/` }).end());
  const allow = ({ origin }: URL) => origin === url;
  expect(await reasonOf(files.putFrom(`${url}/a`, 'a', { allow }))).toBe('not-allowed');
  expect(await reasonOf(files.putFrom(`${inside}/a`, 'a', { allow }))).toBe('not-allowed');
  expect(asked.map(({ url: path }) => path)).toEqual(['/a']);
  expect(readdirSync(root)).toEqual([]);
});

test('a name and password go to the server that they are for, and into no message', async () => {
  const other = await serve((_, response) => void response.end(FILE));
  const url = await serve((_, response) => void response.writeHead(302, { location: `${other}/b` }).end());
  await files.putFrom(`${url.replace('//', '//me:se%40cret@')}/a`, 'a');
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([
    `Basic ${Buffer.from('me:se@cret').toString('base64')}`,
    undefined,
  ]);
  const refusing = await serve((_, response) => void response.writeHead(401).end());
  await expect(files.putFrom(`${refusing.replace('//', '//me:secret@')}/a`, 'a')).rejects.not.toThrow(
    /secret/,
  );
});

test('what comes between leaves nothing, and is told', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/gone') return void response.writeHead(404).end();
    if (request.url === '/broken') return void response.writeHead(500).end();
    response.writeHead(200, { 'content-length': FILE.length });
    response.write(FILE.slice(0, 1000), () => response.destroy());
  });
  await expect(files.putFrom(`${url}/gone`, 'a')).rejects.toBeInstanceOf(FileNotFound);
  expect(await reasonOf(files.putFrom(`${url}/broken`, 'a'))).toBe('source');
  expect(await reasonOf(files.putFrom(`${url}/half`, 'a'))).toBe('source');
  expect(await reasonOf(files.putFrom('http://127.0.0.1:9/', 'a'))).toBe('source');
  expect(await reasonOf(files.putFrom('/etc/hostname', 'a'))).toBe('source');
  expect(readdirSync(root)).toEqual([]);
});

test('an abort ends it', async () => {
  const stop = new AbortController();
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': FILE.length });
    response.write(FILE.slice(0, 1000), () => stop.abort());
  });
  await expect(files.putFrom(url, 'a', { signal: stop.signal })).rejects.toThrow(/abort/i);
  expect(readdirSync(root)).toEqual([]);
});

test('sendTo() sends a file by PUT, with its length', async () => {
  let came = '';
  const url = await serve(async (request, response) => {
    for await (const chunk of request) came += chunk;
    response.writeHead(request.url === '/full' ? 507 : 201).end();
  });
  await files.put('a', new TextEncoder().encode(FILE));
  await files.sendTo('a', `${url}/bucket/a?signature=x`);
  expect(came).toBe(FILE);
  expect(asked[0]).toMatchObject({ method: 'PUT', url: '/bucket/a?signature=x' });
  expect(asked[0]?.headers['content-length']).toBe(String(FILE.length));
  expect(await reasonOf(files.sendTo('a', `${url}/full`))).toBe('source');
  expect(await reasonOf(files.sendTo('none', url))).toBe('not-found');
});

test('openUrl() keeps what nobody reads yet', async () => {
  const { octets } = await openUrl(await serve((_, response) => void response.end(FILE)));
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // Finalizers run between the tasks of the event loop.
  for (let turn = 0; turn < 5; turn++) {
    collectGarbage();
    await sleep(5);
  }
  const parts: Uint8Array[] = [];
  for await (const part of octets) parts.push(part);
  expect(Buffer.concat(parts).toString()).toBe(FILE);
});
