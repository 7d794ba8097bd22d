import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Finished, start } from '../rig/process.ts';
import { createFilesRig, type FilesRig, pxectlFiles } from './files-rig.ts';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const KERNEL = 'octets of a kernel\n'.repeat(1000);

let mirror: Server;
let mirrorUrl: string;
let rig: FilesRig;

beforeAll(async () => {
  mirror = createServer((request, response) => {
    if (request.url === '/debian/elsewhere') response.writeHead(302, { location: '/secret' }).end();
    else if (request.url === '/debian/gone') response.writeHead(404).end();
    else response.end(`the octets of ${request.url}`);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  mirrorUrl = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
  rig = await createFilesRig({ control: ['upload-max: 1M', `fetch: ${mirrorUrl}/debian/`] });
}, 60_000);

afterAll(async () => {
  mirror?.close();
  await rig?.close();
});

let folder: string;
let serial = 0;

beforeEach(() => {
  folder = `f${++serial}`;
  mkdirSync(join(rig.root, folder));
});

afterEach(() => expect(partsBelow(rig.root)).toEqual([]));

/** What uploads leave behind when they leave something. */
function partsBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.part'));
}

const inRoot = (...path: string[]) => join(rig.root, folder, ...path);

function local(name: string, data: string | Uint8Array): string {
  const path = join(rig.base, `${folder}-${name}`);
  writeFileSync(path, data);
  return path;
}

const WAYS = [
  { way: 'of a pxed that runs', files: (args: string[], input?: string) => rig.files(args, input) },
  {
    way: 'of a folder, by --root',
    files: (args: string[], input?: string): Promise<Finished> =>
      pxectlFiles([...args, '--root', rig.root], { cwd: rig.base, input }),
  },
] as const;

describe.each(WAYS)('pxectl files $way', ({ files }) => {
  /** What it prints, when it ends well. */
  async function good(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await files(args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }

  test('put, and the same again', async () => {
    const path = local('vmlinuz', KERNEL);
    const told = `19 kB, SHA-256 ${sha256(KERNEL)}\n`;
    expect(await good('put', path, `${folder}/a/vmlinuz`)).toBe(`${folder}/a/vmlinuz: created, ${told}`);
    expect(readFileSync(inRoot('a/vmlinuz'), 'utf8')).toBe(KERNEL);
    expect(await good('put', path, `${folder}/a/vmlinuz`)).toBe(
      `${folder}/a/vmlinuz: there already, the same, ${told}`,
    );
    writeFileSync(path, 'another');
    const json = await good('put', path, `${folder}/a/vmlinuz`, '--json');
    expect(JSON.parse(json)).toEqual({
      path: `${folder}/a/vmlinuz`,
      state: 'replaced',
      bytes: 7,
      sha256: sha256('another'),
    });
  });

  test('put into a folder, from a URL, from the standard input', async () => {
    const path = local('initrd', 'x');
    await good('put', path, `${folder}/`);
    await good('put', path, folder);
    await good('put', `${mirrorUrl}/debian/a%20b`, `${folder}/`);
    const { code } = await files(['put', '-', `${folder}/piped`], KERNEL);
    expect(code).toBe(0);
    await good('put', local('empty', ''), `${folder}/none`);
    expect(readdirSync(inRoot()).sort()).toEqual(['a b', `${folder}-initrd`, 'none', 'piped']);
    expect(readFileSync(inRoot('none'), 'utf8')).toBe('');
    expect(readFileSync(inRoot('a b'), 'utf8')).toBe('the octets of /debian/a%20b');
    expect(readFileSync(inRoot('piped'), 'utf8')).toBe(KERNEL);
  });

  test('ls, stat, hash', async () => {
    writeFileSync(inRoot('a'), KERNEL);
    mkdirSync(inRoot('b'));
    writeFileSync(inRoot('b/c'), 'x');
    symlinkSync('a', inRoot('link'));
    symlinkSync('nowhere', inRoot('broken'));
    const lines = (await good('ls', folder)).split('\n');
    expect(lines[0]).toMatch(/^ *SIZE {2}MODIFIED +NAME$/);
    expect(lines.slice(1).map((line) => line.replace(/ \d{4}-\d\d-\d\d \d\d:\d\dZ /, ' '))).toEqual([
      expect.stringMatching(/^ *19 kB +a$/),
      expect.stringMatching(/^ *- +b\/$/),
      expect.stringMatching(/^ *- +broken -> nowhere \(leads nowhere/),
      expect.stringMatching(/^ *19 kB +link -> a$/),
      '',
    ]);
    const { files: found } = JSON.parse(await good('ls', '-r', folder, '--json'));
    expect(found.map(({ path }: { path: string }) => path)).toEqual(
      ['a', 'b', 'b/c', 'broken', 'link'].map((name) => `${folder}/${name}`),
    );
    expect(await good('stat', `${folder}/a`)).toMatch(/^path +f\d+\/a\nkind +file\nsize +19000 octets\n/);
    expect(JSON.parse(await good('stat', `${folder}/link`, '--json'))).toMatchObject({
      kind: 'link',
      leadsTo: 'file',
      sizeBytes: KERNEL.length,
    });
    expect(await good('hash', `${folder}/a`, `${folder}/b/c`)).toBe(
      `${sha256(KERNEL)}  ${folder}/a\n${sha256('x')}  ${folder}/b/c\n`,
    );
    expect(await good('hash', '--md5', `${folder}/b/c`)).toBe(
      `${createHash('md5').update('x').digest('hex')}  ${folder}/b/c\n`,
    );
  });

  test('cp, mv, mkdir, rm', async () => {
    writeFileSync(inRoot('a'), 'a');
    await good('cp', `${folder}/a`, `${folder}/deep/b`);
    await good('mv', `${folder}/a`, `${folder}/deep`);
    await good('mkdir', `${folder}/x/y`, `${folder}/z`);
    expect(readdirSync(inRoot(), { recursive: true, encoding: 'utf8' }).sort()).toEqual(
      ['deep', 'deep/a', 'deep/b', 'x', 'x/y', 'z'].sort(),
    );
    expect((await files(['mv', `${folder}/deep/a`, `${folder}/deep/b`, '--no-overwrite'])).code).toBe(1);
    expect((await files(['rm', `${folder}/deep`])).code).toBe(1);
    expect(await good('rm', '-r', `${folder}/deep`)).toBe('3 removed\n');
    await good('rm', `${folder}/z`);
    expect(existsSync(inRoot('z'))).toBe(false);
  });

  test('get', async () => {
    writeFileSync(inRoot('a'), KERNEL);
    const target = join(rig.base, `${folder}-got`);
    await good('get', `${folder}/a`, target);
    expect(readFileSync(target, 'utf8')).toBe(KERNEL);
    const again = await files(['get', `${folder}/a`, target]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--force');
    expect(await good('get', `${folder}/a`, '-')).toBe(KERNEL);
  });

  test.each([
    ['a name that leads out', ['get', '../pxed.yaml', '-'], 2, /leads? out|lead out of the root/],
    ['a name that leads out, to be written', ['put', '/etc/hostname', 'a/../../x'], 2, /out of the root/],
    ['what is not there', ['stat', 'nope'], 5, /no such file/],
    ['a folder that is not there', ['ls', 'nope'], 5, /no such file/],
    ['a file of this machine that is not there', ['put', '/no/such/file'], 5, /no such file/],
    ['a name that is missing', ['put', '-'], 2, /Name the path/],
    ['a hash that is none', ['put', '/etc/hostname', '--sha256', 'abc'], 2, /64 hex digits/],
  ])('says what is wrong with %s', async (_, args, code, words) => {
    const finished = await files(args);
    expect([finished.code, finished.stdout]).toEqual([code, '']);
    expect(finished.stderr).toMatch(words);
  });

  test('put that must have another SHA-256 changes nothing', async () => {
    writeFileSync(inRoot('a'), 'before');
    const path = local('a', 'what came');
    const { code, stderr } = await files(['put', path, `${folder}/a`, '--sha256', sha256('wanted')]);
    expect(code).toBe(1);
    expect(stderr).toContain(sha256('what came'));
    expect(readFileSync(inRoot('a'), 'utf8')).toBe('before');
  });
});

describe('pxectl files of a pxed that runs', () => {
  test('created: what was made this way, as far as it is still there', async () => {
    await rig.files(['put', local('a', 'a'), `${folder}/new/a`]);
    await rig.files(['put', local('b', 'b'), `${folder}/b`]);
    await rig.files(['rm', `${folder}/b`]);
    const { stdout } = await rig.files(['created', '--json']);
    const { paths } = JSON.parse(stdout) as { paths: string[] };
    expect(paths.filter((path) => path.startsWith(`${folder}/`))).toEqual([
      `${folder}/new`,
      `${folder}/new/a`,
    ]);
  });

  test('--by-server: only what control.fetch allows, behind redirects, too', async () => {
    const put = (url: string) => rig.files(['put', '--by-server', url, `${folder}/a`]);
    expect((await put(`${mirrorUrl}/debian/vmlinuz`)).code).toBe(0);
    expect(readFileSync(inRoot('a'), 'utf8')).toBe('the octets of /debian/vmlinuz');
    for (const path of ['/secret', '/debian/../secret', '/debian/%2e%2e/secret', '/debian/elsewhere']) {
      const { code, stderr } = await put(`${mirrorUrl}${path}`);
      expect([path, code]).toEqual([path, 1]);
      expect(stderr).toMatch(/not among the URLs that may be fetched/);
    }
    expect((await put(`${mirrorUrl}/debian/gone`)).code).toBe(5);
    expect((await put('file:///etc/passwd')).code).toBe(2);
    expect(readFileSync(inRoot('a'), 'utf8')).toBe('the octets of /debian/vmlinuz');
  });

  test('a refusal while octets still come is told as what it is', async () => {
    writeFileSync(inRoot('a'), 'before');
    const big = local('big', randomBytes(8_000_000));
    const taken = await rig.files(['put', big, `${folder}/a`, '--no-overwrite']);
    expect(taken.stderr).toMatch(/such a file already/);
    const large = await rig.files(['put', big, `${folder}/b`]);
    expect(large.stderr).toMatch(/larger than the 1048576 octets/);
    expect([taken.code, large.code]).toEqual([1, 1]);
    expect(readdirSync(inRoot())).toEqual(['a']);
    expect(readFileSync(inRoot('a'), 'utf8')).toBe('before');
  });

  test.each(['SIGKILL', 'SIGINT'] as const)('an upload that %s ends leaves nothing', async (signal) => {
    const command = join(import.meta.dirname, '../../bin/pxectl.ts');
    const client = start([
      process.execPath,
      command,
      'files',
      'put',
      '-',
      `${folder}/a`,
      '--socket',
      rig.socket,
    ]);
    client.write('the first octets');
    await vi.waitFor(() => expect(partsBelow(inRoot())).toHaveLength(1), { timeout: 30_000 });
    client.signal(signal);
    await client.exited;
    await vi.waitFor(() => expect(readdirSync(inRoot())).toEqual([]), { timeout: 30_000 });
  });

  test('an upload that is under way when pxed stops leaves nothing', async () => {
    const other = await createFilesRig();
    const command = join(import.meta.dirname, '../../bin/pxectl.ts');
    const client = start([process.execPath, command, 'files', 'put', '-', 'a', '--socket', other.socket]);
    client.write('the first octets');
    await vi.waitFor(() => expect(partsBelow(other.root)).toHaveLength(1), { timeout: 30_000 });
    await other.server.stop(20_000);
    expect(readdirSync(other.root)).toEqual([]);
    client.write('more');
    expect(await client.exited).toBe(1);
    await other.close();
  });

  test('what a pxed that was killed left is swept away, once it is old', async () => {
    const other = await createFilesRig({
      prepare(root) {
        writeFileSync(join(root, '.pxed-00aa.part'), 'half');
        utimesSync(join(root, '.pxed-00aa.part'), 1, 1);
        writeFileSync(join(root, '.pxed-00bb.part'), 'half, and somebody may be at it');
      },
    });
    await other.server.waitFor(/"problem":"stale-uploads"/, 30_000);
    expect(readdirSync(other.root)).toEqual(['.pxed-00bb.part']);
    await other.close();
  });

  test('the log tells who changed what', async () => {
    await rig.files(['put', local('a', 'a'), `${folder}/a`]);
    await rig.files(['mv', `${folder}/a`, `${folder}/b`]);
    const stored = await rig.server.waitFor(
      new RegExp(`"type":"files.stored","path":"${folder}/a".*`),
      10_000,
    );
    expect(stored[0]).toMatch(/"by":"[^"]+"/);
    await rig.server.waitFor(
      new RegExp(`"type":"files.changed","change":"moved","path":"${folder}/a"`),
      10_000,
    );
  });

  test('nobody there: exit code 4', async () => {
    const finished = await pxectlFiles(['ls', '--socket', join(rig.base, 'none.sock')], { cwd: rig.base });
    expect(finished.code).toBe(4);
    expect(finished.stderr).toMatch(/No pxed is running/);
  });
});
