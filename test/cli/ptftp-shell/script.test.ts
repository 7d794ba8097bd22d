import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Command, run, start } from '../../rig/process.ts';
import { type Quirks, startTestServer, type TestServer } from '../../tftp-client/server.ts';

const PTFTP = join(import.meta.dirname, '../../../bin/ptftp.ts');

let folder = '';
const servers: TestServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-ptftp-shell-'));
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

async function serve(quirks: Quirks = {}): Promise<TestServer> {
  const server = await startTestServer(quirks);
  servers.push(server);
  for (const name of ['a', 'b', 'my file']) server.files.set(name, Buffer.from(`content of ${name}\n`));
  return server;
}

const argv = (...words: string[]): Command => [process.execPath, PTFTP, ...words];

/** Runs commands from standard input, in the folder. */
async function commands(server: TestServer, lines: readonly string[], options: readonly string[] = []) {
  const input = lines.map((line) => `${line}\n`).join('');
  return run(argv(...options, `127.0.0.1:${server.port}`), { cwd: folder, input });
}

const here = (name: string) => readFileSync(join(folder, name), 'latin1');

describe('ptftp with commands on standard input', () => {
  test('does them without a prompt, and tells octets and kB/s', async () => {
    const server = await serve();
    const { code, stdout, stderr } = await commands(server, ['get a', '', '# a remark', 'g b c', 'put a up']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^a: 13 bytes in \d+\.\d{3} s, \d+ kB\/s\nb: 13 bytes in .*\na: 13 bytes in .*\n$/,
    );
    expect([here('a'), here('c')]).toEqual(['content of a\n', 'content of b\n']);
    expect(Buffer.from(server.files.get('up')!).toString()).toBe('content of a\n');
    expect(readdirSync(folder).sort()).toEqual(['a', 'c']);
  });

  test('goes on after a failure, and ends with 1', async () => {
    const server = await serve();
    const { code, stderr } = await commands(server, [
      'get missing',
      'nonsense',
      'get "a',
      'put nothing',
      'get a',
    ]);
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      `missing at 127.0.0.1:${server.port}: the server answered ERROR 1, File not found`,
      'No command "nonsense": ? lists them',
      'A quote is not closed',
      'Cannot read nothing: ENOENT',
      '',
    ]);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('replaces a file with get -f only, or --force', async () => {
    const server = await serve();
    writeFileSync(join(folder, 'a'), 'mine');
    const refused = await commands(server, ['get a']);
    expect(refused).toMatchObject({ code: 1, stderr: 'a exists; get -f replaces it\n' });
    expect(here('a')).toBe('mine');
    expect((await commands(server, ['get -f a'])).code).toBe(0);
    expect(here('a')).toBe('content of a\n');
    writeFileSync(join(folder, 'a'), 'mine');
    expect((await commands(server, ['get a'], ['--force'])).code).toBe(0);
    expect(here('a')).toBe('content of a\n');
  });

  test('a failed get -f leaves the file that was there', async () => {
    const server = await serve({ silentAfter: 1 });
    server.files.set('a', new Uint8Array(5000));
    writeFileSync(join(folder, 'a'), 'mine');
    const { code } = await commands(server, ['timeout 0.1', 'retries 0', 'rfc1350', 'get -f a']);
    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual(['a']);
    expect(here('a')).toBe('mine');
  });

  test('settings reach the server', async () => {
    const server = await serve();
    const lines = [
      'blksize 1024',
      'windowsize 4',
      'timeout 3',
      'tsize off',
      'ascii',
      'get a',
      'rfc1350 on',
      'get b',
    ];
    expect((await commands(server, lines)).code).toBe(0);
    expect(server.asked.map(({ mode, options }) => [mode, Object.fromEntries(options)])).toEqual([
      ['netascii', { blksize: '1024', windowsize: '4', timeout: '3' }],
      ['netascii', {}],
    ]);
  });

  test('connect and names with a server go elsewhere', async () => {
    const [first, second] = [await serve(), await serve()];
    const lines = [
      `connect 127.0.0.1 ${second.port}`,
      'get "my file"',
      `get tftp://127.0.0.1:${first.port}/a`,
      'get b',
    ];
    const { code, stdout } = await commands(first, lines);
    expect(code).toBe(0);
    expect(second.asked.map(({ filename }) => filename)).toEqual(['my file']);
    expect(first.asked.map(({ filename }) => filename)).toEqual(['a', 'b']);
    expect(stdout).toContain(`Connected to 127.0.0.1:${second.port}.\n`);
    expect(stdout).toContain(`Connected to 127.0.0.1:${first.port}.\n`);
  });

  test('literal takes a colon as it is', async () => {
    const server = await serve();
    server.files.set('127.0.0.2:a', Buffer.from('literal'));
    expect((await commands(server, ['literal', 'get 127.0.0.2:a x'])).code).toBe(0);
    expect(here('x')).toBe('literal');
  });

  test('verbose says what was agreed, trace shows packets', async () => {
    const server = await serve();
    const { stderr } = await commands(server, [
      'verbose',
      'get a x',
      'verbose',
      'trace',
      'get a y',
      'trace',
      'get a z',
    ]);
    const [agreed, ...packets] = stderr.trim().split('\n');
    expect(agreed).toMatch(/^127\.0\.0\.1 port \d+: blksize 1468, windowsize 16, size 13$/);
    expect(packets.map((line) => line.split(' <')[0])).toEqual([
      ...['sent RRQ', 'received OACK', 'sent ACK', 'received DATA', 'sent ACK'],
    ]);
  });

  test('a host that is not there can be connected away from, but is a failure', async () => {
    const server = await serve();
    const input = `get a\nconnect 127.0.0.1:${server.port}\nget a\n`;
    const { code, stderr } = await run(argv('host.invalid'), { cwd: folder, input });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^ptftp: Cannot find host\.invalid: \w+\nConnected to no server: connect HOST \[PORT\]\n$/,
    );
    expect(here('a')).toBe('content of a\n');
  });

  test('goes on though nobody reads what it says', async () => {
    const server = await serve();
    server.files.set('big', new Uint8Array(3_000_000));
    const words = argv(`127.0.0.1:${server.port}`).map((word) => `'${word}'`);
    const script = `printf 'get big\\nget a\\nget b\\n' | ${words.join(' ')} | true`;
    expect((await run(['sh', '-c', script], { cwd: folder })).stderr).toBe('');
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'big']);
  });

  test('--json, --hash and --quiet hold for each transfer', async () => {
    const server = await serve();
    const told = await commands(server, ['get a', 'get missing', 'put a up'], ['--json']);
    const lines = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { ok: true, what: 'get', file: 'a', bytes: 13 },
      { ok: false, what: 'get', file: 'missing', error: { reason: 'not-found', code: 1 } },
      { ok: true, what: 'put', file: 'up', local: 'a' },
    ]);
    expect(told).toMatchObject({ code: 1, stderr: '' });
    const hashed = await commands(server, ['get -f a', 'get b'], ['--quiet', '--hash', 'sha256']);
    expect(hashed.stdout).toMatch(/^[0-9a-f]{64} {2}a\n[0-9a-f]{64} {2}b\n$/);
  });

  test('quit leaves what follows undone', async () => {
    const server = await serve();
    expect((await commands(server, ['get a', 'quit', 'get b'])).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('SIGINT ends the transfer and everything after it, and leaves no part', async () => {
    const server = await serve({ silentAfter: 2 });
    server.files.set('big', new Uint8Array(50_000));
    const shell = start(argv('-r', '-v', `127.0.0.1:${server.port}`), { cwd: folder });
    shell.write('get big\nget a\n');
    await shell.waitFor(/received DATA <block=2/, 20_000);
    shell.signal('SIGINT');
    expect(await shell.exited).toBe(130);
    expect(shell.output()).toMatch(/big at .*: Transfer aborted\n$/);
    expect(readdirSync(folder)).toEqual([]);
    expect(server.asked).toHaveLength(1);
    expect(server.told).toEqual(['0 Transfer aborted']);
  });
});

describe('ptftp -c', () => {
  test('does one command with many files, and ends with its code', async () => {
    const server = await serve();
    const at = ['-p', String(server.port), '127.0.0.1', '-c'];
    expect((await run(argv(...at, 'get', 'a', 'b', 'my file'), { cwd: folder })).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'my file']);
    const again = await run(argv(...at, 'get', 'missing', 'a', 'b'), { cwd: folder });
    expect(again.code).toBe(1);
    expect((await run(argv(...at, 'get', 'a', 'missing', 'b'), { cwd: folder })).code).toBe(3);
    expect((await run(argv(...at, 'nonsense'), { cwd: folder })).code).toBe(2);
    expect((await run(argv(...at, 'put', 'a', 'b', 'in'), { cwd: folder })).code).toBe(0);
    expect([...server.files.keys()]).toEqual(expect.arrayContaining(['in/a', 'in/b']));
  });

  test('--verify is refused where it cannot hold', async () => {
    const { code, stderr } = await run(
      argv('--verify', '0'.repeat(64), '127.0.0.1', '-c', 'get', 'a', 'b', 'c'),
      {
        cwd: folder,
      },
    );
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'ptftp: --verify goes with one transfer\n' });
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });
});
