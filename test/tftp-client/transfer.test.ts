import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTftpClient, get, put, TftpError, type TransferOptions } from '../../src/tftp-client/index.ts';
import { type Quirks, startTestServer, type TestServer } from './server.ts';

const IPV6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;
const BACKENDS: readonly TransferOptions[] = [{}, { alone: true }, { sockets: 'dgram' }];

let folder = '';
const servers: TestServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-ptftp-'));
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

async function serve(files: Record<string, Uint8Array> = {}, quirks: Quirks = {}): Promise<TestServer> {
  const server = await startTestServer(quirks);
  servers.push(server);
  for (const [name, content] of Object.entries(files)) server.files.set(name, content);
  return server;
}

const at = ({ port }: TestServer, file = 'f') => ({ host: '127.0.0.1', port, file });

function octets(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** What a transfer was rejected with. */
async function failure(transfer: Promise<unknown>): Promise<TftpError> {
  const error = await transfer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TftpError)) throw new Error(`not a TftpError: ${error}`);
  return error;
}

describe.each(BACKENDS)('with %j', (backend) => {
  test.each([0, 1, 511, 512, 513, 1468, 16 * 1468, 16 * 1468 + 1, 700_000])(
    'get() fetches %i octets',
    async (size) => {
      const content = octets(size);
      const server = await serve({ f: content });
      const path = join(folder, 'f');
      const result = await get(at(server), { ...backend, sha256: true }).into(path);
      expect(readFileSync(path).equals(content)).toBe(true);
      expect(result).toMatchObject({ bytes: size, blksize: 1468, windowsize: 16, tsize: size });
      expect(result.sha256).toBe(createHash('sha256').update(content).digest('hex'));
      expect(readdirSync(folder)).toEqual(['f']);
    },
  );

  test.each([0, 1, 511, 512, 513, 1468, 16 * 1468, 16 * 1468 + 1, 700_000])(
    'put() sends %i octets',
    async (size) => {
      const content = octets(size);
      const server = await serve();
      const path = join(folder, 'f');
      writeFileSync(path, content);
      const result = await put(path, at(server, 'up'), { ...backend, sha256: true });
      expect(Buffer.from(server.files.get('up')!).equals(content)).toBe(true);
      expect(result).toMatchObject({ bytes: size, blksize: 1468, windowsize: 16 });
      expect(result.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    },
  );

  test('into() replaces a file with force only, and keeps its permissions', async () => {
    const server = await serve({ f: octets(10) });
    const path = join(folder, 'f');
    writeFileSync(path, 'precious', { mode: 0o640 });
    expect((await failure(get(at(server), backend).into(path))).reason).toBe('local-exists');
    expect((await failure(get(at(server, 'missing'), backend).into(path, { force: true }))).reason).toBe(
      'not-found',
    );
    expect(readFileSync(path, 'utf8')).toBe('precious');
    await get(at(server), backend).into(path, { force: true });
    expect(readFileSync(path)).toHaveLength(10);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['f']);
  });

  test('into() a place that cannot be written fails before the server is asked', async () => {
    const server = await serve({ f: octets(10) });
    const error = await failure(get(at(server), backend).into(join(folder, 'no/such/f')));
    expect(error.reason).toBe('local-file');
    expect(server.asked).toHaveLength(0);
  });

  test('into() a pipe waits for its reader, and nothing else waits', async () => {
    const server = await serve({ f: octets(100_000) });
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const fetched = get(at(server), backend).into(path);
    await sleep(20);
    const arrived = readFile(path);
    expect(await fetched).toMatchObject({ bytes: 100_000 });
    expect((await arrived).equals(octets(100_000))).toBe(true);
  });

  test('into() a pipe that nobody reads ends by its signal', async () => {
    const server = await serve({ f: octets(100_000) });
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const stop = new AbortController();
    const fetched = failure(get(at(server), { ...backend, signal: stop.signal }).into(path));
    await sleep(20);
    stop.abort();
    expect((await fetched).reason).toBe('aborted');
    // It is opened by now, and let go of.
    expect(await readFile(path)).toHaveLength(0);
  });

  test('into() a file with the longest name', async () => {
    const server = await serve({ f: octets(10) });
    for (const path of ['n'.repeat(255), 'ü'.repeat(127)].map((name) => join(folder, name))) {
      await get(at(server), backend).into(path);
      expect(readFileSync(path)).toHaveLength(10);
    }
  });

  test('into() a file of somebody else leaves it his, and gives nobody his rights', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('root alone can give files away');
    const server = await serve({ f: octets(10) });
    const path = join(folder, 'f');
    writeFileSync(path, 'precious');
    chownSync(path, 12_345, 54_321);
    chmodSync(path, 0o6755);
    await get(at(server), backend).into(path, { force: true });
    const { uid, gid, mode } = statSync(path);
    expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: 12_345, gid: 54_321, mode: 0o755 });
  });

  test('into() a device that is full fails', async () => {
    const server = await serve({ f: octets(100) });
    const error = await failure(get(at(server), backend).into('/dev/full'));
    expect(error).toMatchObject({ reason: 'local-file', message: expect.stringContaining('ENOSPC') });
  });

  test('into() a device that is full ends a transfer under way, and the server is told', async () => {
    const server = await serve({ f: octets(30_000_000) });
    const error = await failure(get(at(server), backend).into('/dev/full'));
    expect(error).toMatchObject({ reason: 'local-file', message: expect.stringContaining('ENOSPC') });
    await vi.waitFor(() => expect(server.told).toContain('3 Disk full or allocation exceeded'));
  });

  test('a server that falls silent ends in an error, and there is no file', async () => {
    const server = await serve({ f: octets(900_000) }, { silentAfter: 40 });
    const options = { ...backend, timeoutMs: 20, retries: 1 };
    const path = join(folder, 'f');
    expect((await failure(get(at(server), options).into(path))).reason).toBe('timeout');
    expect(readdirSync(folder)).toEqual([]);
    const sent = await failure(put(octets(900_000), at(server, 'up'), options));
    expect(sent).toMatchObject({ reason: 'timeout', code: undefined });
    expect(sent.message).toContain('the server fell silent after block 32');
    expect(server.files.has('up')).toBe(false);
  });

  test('AbortSignal ends a transfer, and the server is told', async () => {
    const server = await serve({ f: octets(900_000) }, { silentAfter: 40 });
    const path = join(folder, 'f');
    const { reason } = await failure(
      get(at(server), { ...backend, signal: AbortSignal.timeout(100) }).into(path),
    );
    expect(reason).toBe('aborted');
    expect(readdirSync(folder)).toEqual([]);
    await expect.poll(() => server.told).toEqual(['0 Transfer aborted']);
    const over = { ...backend, signal: AbortSignal.abort() };
    expect((await failure(put(octets(3), at(server, 'up'), over))).reason).toBe('aborted');
  });

  test('a stranger is told ERROR 5 and changes nothing', async () => {
    const content = octets(3_000_000);
    const server = await serve({ f: content }, { stranger: true });
    expect(Buffer.from(await collect(get(at(server), backend))).equals(content)).toBe(true);
    await expect.poll(() => server.told).toEqual(['5 Unknown transfer ID']);
  });
});

// The server of these tests lives in the same process, which `alone` stops for milliseconds each time.
test.each(BACKENDS.filter(({ alone }) => !alone))(
  'get() and put() go past 65,535 blocks with %j',
  async (backend) => {
    const content = octets(66_000 * 8 + 3);
    const server = await serve({ f: content });
    const options = { ...backend, blksize: 8, windowsize: 64 };
    expect(Buffer.from(await collect(get(at(server), options))).equals(content)).toBe(true);
    await put(content, at(server, 'up'), options);
    expect(Buffer.from(server.files.get('up')!).equals(content)).toBe(true);
  },
);

describe('get()', () => {
  test.each([
    ['ignores options', { noOptions: true }, { blksize: 512, windowsize: 1 }, 1],
    ['refuses them with ERROR 8', { refusesOptions: 8 }, { blksize: 512, windowsize: 1 }, 3],
    ['refuses them with ERROR 0', { refusesOptions: 0 }, { blksize: 512, windowsize: 1 }, 3],
    ['refuses large blocks', { mostBlksize: 1024 }, { blksize: 512, windowsize: 1, tsize: 5000 }, 2],
    ['grants what nobody asked', { oack: [['timeout', '9']] }, { blksize: 512, windowsize: 1 }, 3],
    ['grants a window of 0 (pTFTPd)', { oack: [['windowsize', '0']] }, { blksize: 512, windowsize: 1 }, 3],
  ] as const)(
    'of a server that %s asks for less until it has the file',
    async (_, quirks, terms, requests) => {
      const content = octets(5000);
      const server = await serve({ f: content }, quirks);
      const download = get(at(server));
      expect(Buffer.from(await collect(download)).equals(content)).toBe(true);
      expect(await download.result).toMatchObject(terms);
      expect(server.asked).toHaveLength(requests);
    },
  );

  test('says what the server said, and asks once', async () => {
    const server = await serve({}, { error: { code: 2, message: 'not for you' } });
    const error = await failure(get(at(server)).into(join(folder, 'f')));
    expect(error).toMatchObject({ reason: 'access-violation', code: 2 });
    expect(error.message).toBe(`f at 127.0.0.1:${server.port}: the server answered ERROR 2, not for you`);
    expect(server.asked).toHaveLength(1);
  });

  test('of a port where nobody listens says so', async ({ skip }) => {
    if (process.platform !== 'linux') skip('ICMP is told by Linux sockets alone');
    const server = await serve();
    server.close();
    servers.pop();
    const error = await failure(get(at(server)).into(join(folder, 'f')));
    expect(error.reason).toBe('refused');
  });

  test('asks for the text of netascii and makes it this system’s', async () => {
    const server = await serve({ f: new TextEncoder().encode('one\r\ntwo\r\0three\r\n') });
    const text = await collect(get({ ...at(server), mode: 'netascii' }, { blksize: 8 }));
    expect(new TextDecoder().decode(text)).toBe('one\ntwo\rthree\n');
    expect(server.asked[0]!.mode).toBe('netascii');
    expect(server.asked[0]!.options.map(([name]) => name)).toEqual(['blksize', 'windowsize']);
  });

  test('fails where the server announced another size', async () => {
    const server = await serve({ f: octets(100) }, { wrongSize: 101 });
    expect((await failure(get(at(server)).into(join(folder, 'f')))).reason).toBe('wrong-size');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('keeps a file that is not what it should be from appearing', async () => {
    const server = await serve({ f: octets(100) });
    const path = join(folder, 'f');
    const verify = createHash('sha256').update(octets(100)).digest('hex');
    expect((await failure(get(at(server), { verify: verify.replace(/./, 'x') }).into(path))).reason).toBe(
      'verify-mismatch',
    );
    expect(existsSync(path)).toBe(false);
    await get(at(server), { verify: verify.toUpperCase() }).into(path);
    expect(existsSync(path)).toBe(true);
  });

  test('is a web stream, too, and tells progress and terms', async () => {
    const server = await serve({ f: octets(300_000) });
    const seen: unknown[] = [];
    const download = get(at(server), {
      onProgress: ({ bytes, totalBytes }) => seen.push({ bytes, totalBytes }),
      onTerms: (terms) => seen.push(terms.blksize),
    });
    const blob = await new Response(download.readable).blob();
    expect(blob.size).toBe(300_000);
    expect(seen[0]).toBe(1468);
    expect(seen.at(-1)).toEqual({ bytes: 300_000, totalBytes: 300_000 });
  });

  test('holds the server back while nobody reads, and ends when the reader leaves', async () => {
    const server = await serve({ f: octets(30_000_000) });
    let chunks = 0;
    for await (const _ of get(at(server))) {
      await sleep(1);
      if (++chunks === 3) break;
    }
    await expect.poll(() => server.told).toEqual(['0 Transfer aborted']);
  });

  test('can be fetched once', async () => {
    const server = await serve({ f: octets(10) });
    const download = get(at(server));
    await collect(download);
    await expect(collect(download)).rejects.toThrow(TypeError);
  });

  test('over IPv6', async ({ skip }) => {
    if (!IPV6) skip('no ::1 here');
    const server = await startTestServer({}, '::1');
    servers.push(server);
    server.files.set('f', octets(400_000));
    for (const backend of BACKENDS) {
      const got = await collect(get(`tftp://[::1]:${server.port}/f`, backend));
      expect(Buffer.from(got).equals(octets(400_000))).toBe(true);
    }
  });

  test('finds a host by name, and tells of one that is not there', async () => {
    const server = await serve({ f: octets(10) });
    expect(await collect(get({ ...at(server), host: 'localhost' }))).toHaveLength(10);
    // Longer than a name may be: nobody is asked for it.
    const nowhere = { ...at(server), host: 'x'.repeat(300) };
    expect((await failure(get(nowhere).into(join(folder, 'f')))).reason).toBe('no-such-host');
  });

  test.each([{ blksize: 7 }, { windowsize: 0 }, { timeoutMs: 1 }, { retries: -1 }, { blksize: 1.5 }])(
    'refuses %j',
    (options) => {
      expect(() => get('tftp://127.0.0.1/f', options)).toThrow(
        expect.objectContaining({ reason: 'bad-option' }),
      );
    },
  );

  test('refuses an interface that is not there', async () => {
    const error = await failure(get({ host: 'fe80::1%nope', file: 'f' }).into(join(folder, 'f')));
    expect(error.reason).toBe('no-such-host');
    expect(error.message).toBe('Cannot find fe80::1%nope: there is no interface nope');
  });

  test('refuses a name that no request can carry', async () => {
    const error = await failure(get({ host: '127.0.0.1', file: 'x'.repeat(600) }).into(join(folder, 'f')));
    expect(error.reason).toBe('bad-name');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('put()', () => {
  test('takes what comes from a pipe, however slowly, and tells no size', async () => {
    const server = await serve();
    async function* slowly(): AsyncGenerator<Uint8Array> {
      for (const part of ['one ', 'two ', 'three']) {
        await sleep(30);
        yield new TextEncoder().encode(part);
      }
    }
    await put(slowly(), at(server, 'up'), { windowsize: 4, blksize: 8 });
    expect(Buffer.from(server.files.get('up')!).toString()).toBe('one two three');
    expect(server.asked[0]!.options.map(([name]) => name)).toEqual(['blksize', 'windowsize']);
    await put(new Blob(['a web stream']).stream(), at(server, 'up2'));
    expect(Buffer.from(server.files.get('up2')!).toString()).toBe('a web stream');
  });

  test('makes netascii of text, and tells no size', async () => {
    const server = await serve();
    const text = new TextEncoder().encode('one\ntwo\rthree\n');
    const result = await put(text, at(server, 'up'), { mode: 'netascii', blksize: 8 });
    expect(Buffer.from(server.files.get('up')!).toString('latin1')).toBe('one\r\ntwo\r\0three\r\n');
    expect(result.bytes).toBe(text.length);
  });

  test('asks for less until the server takes it', async () => {
    const server = await serve({}, { refusesOptions: 8 });
    await put(octets(5000), at(server, 'up'));
    expect(server.asked.map(({ options }) => options.length)).toEqual([3, 1, 0]);
    expect(server.files.get('up')).toHaveLength(5000);
  });

  test('asks for small blocks when large ones never arrive, and begins anew', async () => {
    const server = await serve({}, { mostArrives: 512 });
    const path = join(folder, 'source');
    writeFileSync(path, octets(100_000));
    for (const source of [path, octets(100_000)]) {
      server.files.clear();
      await put(source, at(server, 'up'), { timeoutMs: 50, retries: 1 });
      expect(Buffer.from(server.files.get('up')!).equals(octets(100_000))).toBe(true);
    }
    async function* pipe(): AsyncGenerator<Uint8Array> {
      yield octets(100_000);
    }
    // What came from a pipe is gone.
    const error = await failure(put(pipe(), at(server, 'up'), { timeoutMs: 50, retries: 1 }));
    expect(error.reason).toBe('timeout');
  });

  test('of a file that is not there asks nobody', async () => {
    const server = await serve();
    expect((await failure(put(join(folder, 'missing'), at(server)))).reason).toBe('local-file');
    expect((await failure(put(folder, at(server)))).reason).toBe('local-file');
    expect(server.asked).toEqual([]);
  });

  test('of a source that fails tells the server', async () => {
    const server = await serve();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield octets(5000);
      throw new Error('the pipe broke');
    }
    expect((await failure(put(broken(), at(server, 'up'), { windowsize: 1 }))).message).toContain(
      'the pipe broke',
    );
    await expect.poll(() => server.told).toEqual(['0 Cannot read the file']);
    expect(server.files.has('up')).toBe(false);
  });
});

test('createTftpClient() keeps the server and what holds for all transfers', async () => {
  const server = await serve({ f: octets(10) });
  const client = createTftpClient({ host: '127.0.0.1', port: server.port, blksize: 100, rfc1350: false });
  await collect(client.get('f', { windowsize: 2 }));
  await client.put(octets(5), 'up');
  expect(server.asked.map(({ options }) => options)).toEqual([
    [
      ['tsize', '0'],
      ['blksize', '100'],
      ['windowsize', '2'],
    ],
    [
      ['tsize', '5'],
      ['blksize', '100'],
      ['windowsize', '16'],
    ],
  ]);
});
