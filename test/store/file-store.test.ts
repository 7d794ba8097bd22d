import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileNotFound, TftpError } from '../../src/lib/tftp-error.ts';
import type { PutProgress } from '../../src/store/file-put.ts';
import { createFileStore } from '../../src/store/file-store.ts';
import type { FileStore } from '../../src/store/file-store-face.ts';

const openBeneath =
  process.platform === 'linux'
    ? (await import('../../src/net/linux/openat2.ts')).createOpenBeneath()
    : undefined;
const WAYS = openBeneath === undefined ? (['realpath'] as const) : (['openat2', 'realpath'] as const);

let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-files-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'efi'), { recursive: true });
  mkdirSync(join(base, 'outside'));
  writeFileSync(join(base, 'outside/secret'), 'secret');
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const inFile = (path: string) => readFileSync(join(root, path), 'utf8');
/** All names below the root, hidden ones too. */
const names = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();

/** The `reason` of what an operation rejects with. */
async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof TftpError)) throw error;
    return error.reason;
  }
}

describe.each(WAYS)('createFileStore() by %s', (way) => {
  let files: FileStore;
  beforeEach(() => {
    files = createFileStore({ root, ...(way === 'openat2' && openBeneath && { openBeneath }) });
  });

  test('put() stores octets, and makes the folders above them', async () => {
    const result = await files.put('debian/12/vmlinuz', bytes('kernel'));
    expect(result).toEqual({
      path: 'debian/12/vmlinuz',
      state: 'created',
      bytes: 6,
      sha256: sha256('kernel'),
    });
    expect(inFile('debian/12/vmlinuz')).toBe('kernel');
    expect(names()).toEqual(['debian', 'debian/12', 'debian/12/vmlinuz', 'efi']);
  });

  test('put() leaves a file alone that has these octets already', async () => {
    await files.put('a', bytes('same'));
    const before = await files.stat('a');
    await files.put('b', bytes('other'));
    expect((await files.put('a', [bytes('sa'), bytes('me')])).state).toBe('same');
    expect(await files.stat('a')).toEqual(before);
    expect(names()).toEqual(['a', 'b', 'efi']);
  });

  test('put() does not even read a source whose SHA-256 the file has', async () => {
    await files.put('a', bytes('same'));
    let read = false;
    async function* source() {
      read = true;
      yield bytes('same');
    }
    const options = { sha256: sha256('same').toUpperCase() };
    expect((await files.put('a', source(), options)).state).toBe('same');
    expect(read).toBe(false);
  });

  test('put() tells how far it is', async () => {
    const told: PutProgress[] = [];
    const options = { sizeBytes: 5, onProgress: (progress: PutProgress) => told.push(progress) };
    await files.put('a', [bytes('ab'), bytes('cde')], options);
    expect(told).toEqual([
      { bytes: 2, totalBytes: 5 },
      { bytes: 5, totalBytes: 5 },
    ]);
  });

  test.each([
    { name: 'another SHA-256', options: { sha256: sha256('x') }, reason: 'checksum' },
    { name: 'fewer octets than were told', options: { sizeBytes: 9 }, reason: 'incomplete' },
    { name: 'more octets than may come', options: { maxBytes: 3 }, reason: 'too-large' },
    { name: 'a name that is taken', options: { overwrite: false }, reason: 'exists' },
  ])('put() refuses $name, and nothing changes', async ({ options, reason }) => {
    await files.put('a', bytes('before'));
    expect(await reasonOf(files.put('a', bytes('later'), options))).toBe(reason);
    expect(inFile('a')).toBe('before');
    expect(names()).toEqual(['a', 'efi']);
  });

  test('put() leaves nothing of a source that breaks off, or is aborted', async () => {
    async function* breaking() {
      yield bytes('half');
      throw new Error('the line is dead');
    }
    await expect(files.put('a', breaking())).rejects.toThrow('the line is dead');
    const stop = new AbortController();
    async function* endless() {
      for (;;) {
        yield bytes('more');
        stop.abort();
      }
    }
    await expect(files.put('a', endless(), { signal: stop.signal })).rejects.toThrow(/abort/);
    expect(names()).toEqual(['efi']);
  });

  test('put() of one name by several at once leaves one of them, whole', async () => {
    const many = Array.from({ length: 8 }, (_, i) => Buffer.alloc(300_000, i));
    const results = await Promise.all(many.map((one) => files.put('a', [one, one])));
    const left = readFileSync(join(root, 'a'));
    expect(results.map((result) => result.sha256)).toContain(sha256(left));
    expect(left.length).toBe(600_000);
    expect(names()).toEqual(['a', 'efi']);
  });

  test('put() that must not overwrite: of several at once one has the name', async () => {
    const results = await Promise.allSettled(
      ['one', 'two', 'three'].map((text) => files.put('a', bytes(text), { overwrite: false })),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.sha256] : []));
    expect(won).toEqual([sha256(readFileSync(join(root, 'a')))]);
    expect(names()).toEqual(['a', 'efi']);
  });

  test.each([
    '../outside/secret',
    '/../outside/secret',
    'efi/../../outside/secret',
    '..\\outside\\secret',
    '..',
    'efi/..',
  ])('a name cannot lead out: %s', async (name) => {
    const asked: Record<string, Promise<unknown>> = {
      get: files.get(name),
      put: files.put(name, bytes('x')),
      stat: files.stat(name),
      hash: files.hash(name),
      copy: files.copy('efi/x', name),
      rename: files.rename('efi', name),
      mkdir: files.mkdir(name),
      remove: files.remove(name),
      removeAll: files.removeAll(name),
      list: files.list(name),
    };
    const reasons = await Promise.all(
      Object.entries(asked).map(async ([what, work]) => [what, await reasonOf(work)] as const),
    );
    for (const [what, reason] of reasons) expect([what, reason]).toEqual([what, 'outside-root']);
    expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret');
  });

  test('a link cannot lead out', async () => {
    symlinkSync('../outside', join(root, 'out'));
    symlinkSync('../outside/secret', join(root, 'leak'));
    symlinkSync('/etc', join(root, 'etc'));
    expect(await reasonOf(files.read('out/secret'))).toBe('not-found');
    expect(await reasonOf(files.read('leak'))).toBe('not-found');
    expect(await reasonOf(files.list('etc'))).toBe('not-found');
    expect(await reasonOf(files.put('out/new', bytes('x')))).not.toBe('done');
    expect(await reasonOf(files.mkdir('out/deep/er'))).not.toBe('done');
    expect(await reasonOf(files.rename('leak', 'out/leak'))).toBe('exists');
    expect(await reasonOf(files.removeAll('out/secret'))).toBe('not-found');
    await files.put('leak', bytes('mine')); // replaces the link, not what it leads to
    expect(inFile('leak')).toBe('mine');
    await files.removeAll('out');
    expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret');
  });

  test('stat() and list() tell what is there, links with where they lead', async () => {
    writeFileSync(join(root, 'efi/grubx64.efi'), 'loader');
    symlinkSync('efi/grubx64.efi', join(root, 'boot.efi'));
    symlinkSync('gone', join(root, 'dangling'));
    symlinkSync('efi', join(root, 'EFI'));
    writeFileSync(join(root, '.pxed-00ff.part'), 'on its way in');
    const modifiedMs = expect.any(Number);
    expect(await files.list()).toEqual([
      { path: 'EFI', kind: 'link', sizeBytes: 0, modifiedMs, target: 'efi', leadsTo: 'folder' },
      {
        path: 'boot.efi',
        kind: 'link',
        sizeBytes: 6,
        modifiedMs,
        target: 'efi/grubx64.efi',
        leadsTo: 'file',
      },
      { path: 'dangling', kind: 'link', sizeBytes: 0, modifiedMs, target: 'gone' },
      { path: 'efi', kind: 'folder', sizeBytes: 0, modifiedMs },
    ]);
    expect(await files.stat('/efi/grubx64.efi')).toMatchObject({ path: 'efi/grubx64.efi', sizeBytes: 6 });
    expect(await files.stat('/')).toMatchObject({ path: '', kind: 'folder' });
    expect(await reasonOf(files.stat('nope'))).toBe('not-found');
    await expect(files.stat('nope')).rejects.toBeInstanceOf(FileNotFound);
    const found: string[] = [];
    for await (const { path } of files.scan()) found.push(path);
    expect(found).toEqual(['EFI', 'boot.efi', 'dangling', 'efi', 'efi/grubx64.efi']);
  });

  test('hash(), check() and exists()', async () => {
    const data = randomBytes(3_000_000);
    await files.put('big', data);
    expect(await files.hash('big')).toBe(sha256(data));
    expect(await files.hash('big', 'md5')).toBe(createHash('md5').update(data).digest('hex'));
    expect(await files.check('big', sha256(data).toUpperCase())).toBe(true);
    expect(await files.check('big', sha256('x'))).toBe(false);
    expect(await files.check('gone', sha256('x'))).toBe(false);
    expect([await files.exists('big'), await files.exists('gone')]).toEqual([true, false]);
  });

  test('get() gives all or a part, read() the octets', async () => {
    await files.put('a', bytes('0123456789'));
    await files.put('empty', bytes(''));
    const part = await files.get('a', { start: 2, end: 5 });
    expect([part.sizeBytes, Buffer.concat(await part.octets.toArray()).toString()]).toEqual([10, '234']);
    const none = await files.get('a', { start: 10 });
    expect(await none.octets.toArray()).toEqual([]);
    expect((await files.read('empty')).length).toBe(0);
    expect(Buffer.from(await files.read('a')).toString()).toBe('0123456789');
    expect(await reasonOf(files.read('efi'))).toBe('not-found');
  });

  test('putLocal() and getLocal() go from and to files of this machine', async () => {
    const local = join(base, 'kernel');
    writeFileSync(local, 'local octets');
    expect(await files.putLocal(local)).toMatchObject({ path: 'kernel', state: 'created' });
    expect(await files.putLocal(local)).toMatchObject({ path: 'kernel', state: 'same' });
    writeFileSync(local, 'other octets');
    expect(await files.putLocal(local, 'kernel')).toMatchObject({ state: 'replaced' });
    expect(inFile('kernel')).toBe('other octets');
    const back = join(base, 'back');
    await files.getLocal('kernel', back);
    expect(readFileSync(back, 'utf8')).toBe('other octets');
    await expect(files.putLocal(join(base, 'nope'))).rejects.toBeInstanceOf(FileNotFound);
    expect(await reasonOf(files.putLocal(base, 'x'))).toBe('is-folder');
  });

  test('copy(), rename(), mkdir(), remove(), removeAll()', async () => {
    await files.put('a', bytes('text'));
    expect(await files.copy('a', 'deep/copy')).toMatchObject({ path: 'deep/copy', state: 'created' });
    await files.rename('deep', 'deeper');
    await files.rename('deeper/copy', 'b');
    expect(inFile('b')).toBe('text');
    expect(await reasonOf(files.rename('b', 'a', { overwrite: false }))).toBe('exists');
    expect(await reasonOf(files.rename('b', 'efi'))).toBe('exists');
    expect(await reasonOf(files.rename('efi', 'efi/inside'))).toBe('bad-name');
    expect(await reasonOf(files.rename('gone', 'c'))).toBe('not-found');
    expect([await files.mkdir('x/y'), await files.mkdir('x/y')]).toEqual([true, false]);
    expect(await reasonOf(files.mkdir('a'))).toBe('exists');
    expect(await reasonOf(files.remove('x'))).toBe('not-empty');
    await files.remove('x/y');
    await files.remove('x');
    symlinkSync('../a', join(root, 'efi/link'));
    expect(await files.removeAll('efi')).toBe(2);
    expect(inFile('a')).toBe('text');
    expect(await reasonOf(files.remove('efi'))).toBe('not-found');
    expect(await reasonOf(files.removeAll('/'))).toBe('bad-name');
    expect(names()).toEqual(['a', 'b', 'deeper']);
  });

  test('open() and create() read and write here and there', async () => {
    const writer = await files.create('new/file');
    await writer.write(bytes('hello world'));
    expect([writer.seek(6), writer.tell()]).toEqual([6, 6]);
    await writer.write(bytes('there'));
    expect(writer.seek(-1, 'end')).toBe(10);
    expect(await files.exists('new/file')).toBe(false);
    expect(await writer.close()).toEqual({ bytes: 11, sha256: sha256('hello there') });
    await using reader = await files.open('new/file');
    expect(reader.sizeBytes).toBe(11);
    expect(reader.seek(-5, 'end')).toBe(6);
    expect(Buffer.from(await reader.read(3)).toString()).toBe('the');
    expect(reader.seek(1, 'current')).toBe(10);
    expect(Buffer.from(await reader.read(100)).toString()).toBe('e');
    expect((await reader.read(100)).length).toBe(0);
    expect(() => reader.seek(-1)).toThrow(RangeError);
    const dropped = await files.create('dropped');
    await dropped.write(bytes('x'));
    await dropped.discard();
    expect(names()).toEqual(['efi', 'new', 'new/file']);
  });

  test('close() takes away what the store made, and nothing of anybody else', async () => {
    writeFileSync(join(root, 'theirs'), 'theirs');
    await files.put('theirs', bytes('replaced by us'));
    await files.put('ours/deep/a', bytes('a'));
    await files.put('ours/b', bytes('b'));
    await files.put('shared/c', bytes('c'));
    await files.put('gone', bytes('gone'));
    await files.put('taken', bytes('taken'));
    await files.remove('gone');
    await files.rename('ours/b', 'b');
    writeFileSync(join(root, 'shared/theirs'), 'somebody put this here');
    rmSync(join(root, 'taken'));
    mkdirSync(join(root, 'keep-inode'));
    writeFileSync(join(root, 'taken'), 'somebody else');
    expect(files.createdResources().sort()).toEqual(
      ['b', 'ours', 'ours/deep', 'ours/deep/a', 'shared', 'shared/c', 'taken'].sort(),
    );
    await files.close({ removeCreated: true });
    expect(names().filter((name) => name !== 'taken')).toEqual([
      'efi',
      'keep-inode',
      'shared',
      'shared/theirs',
      'theirs',
    ]);
    expect(files.createdResources().filter((path) => path !== 'taken')).toEqual(['shared']);
  });

  test.each([
    { name: 'a\0b', reason: 'bad-name' },
    { name: '', reason: 'bad-name' },
    { name: 'folder/', reason: 'bad-name' },
    { name: '.pxed-0123.part', reason: 'bad-name' },
    { name: 'x'.repeat(256), reason: 'bad-name' },
  ])('put() refuses a name that no file can have: $name', async ({ name, reason }) => {
    expect(await reasonOf(files.put(name, bytes('x')))).toBe(reason);
  });

  test('names that are UTF-8, and octets that are not, come back as they were', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xe9, 0xff])]), 'old name');
    await files.put('größe/ядро', bytes('x'));
    expect(existsSync(join(root, 'größe/ядро'))).toBe(true);
    const listed = (await files.list()).map(({ path }) => path);
    expect(listed).toContain('größe');
    const odd = listed.find((path) => path.startsWith('a'))!;
    expect(Buffer.from(await files.read(odd)).toString()).toBe('old name');
    await files.rename(odd, 'new name');
    expect(inFile('new name')).toBe('old name');
  });
});

test('createFileStore() wants a root that is there, or makes it', () => {
  expect(() => createFileStore({ root: join(base, 'none') })).toThrow(/ENOENT/);
  createFileStore({ root: join(base, 'made/here'), create: true });
  expect(existsSync(join(base, 'made/here'))).toBe(true);
});
