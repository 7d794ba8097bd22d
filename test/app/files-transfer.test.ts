import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileOperations } from '../../src/app/file-operations.ts';
import type { FileOperations } from '../../src/app/files-access.ts';
import { sourceName } from '../../src/app/files-source.ts';
import { type Meter, reportGet, reportPut, type TransferIo } from '../../src/app/files-transfer.ts';
import { createFileStore } from '../../src/store/file-store.ts';

type Shown = Parameters<Meter['update']>[0];

let base: string;
let files: FileOperations;
let shown: Shown[];
let cleared: number;
let told: string;
let io: TransferIo;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-transfer-'));
  mkdirSync(join(base, 'root'));
  const store = createFileStore({ root: join(base, 'root') });
  files = createFileOperations({
    store: () => store,
    emit() {},
    limits: () => ({ uploadMaxBytes: 10_000_000, fetch: [] }),
  });
  shown = [];
  cleared = 0;
  told = '';
  const out = {
    write(text: string) {
      told += text;
    },
  };
  const meter = () => ({
    update: (progress: Shown) => void shown.push(progress),
    clear: () => void cleared++,
  });
  const stdin = (async function* () {
    yield new TextEncoder().encode('piped');
  })();
  io = { out, err: out, stdout: new PassThrough(), stdin, meter, signal: new AbortController().signal };
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

function local(data: string | Uint8Array): string {
  writeFileSync(join(base, 'local'), data);
  return join(base, 'local');
}

const plain = { overwrite: true, storage: {} };

test('reportPut() shows how far it is, and clears that at the end', async () => {
  await reportPut(files, { ...plain, source: local(new Uint8Array(3_000_000)), path: 'a' }, io);
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.map(({ bytes }) => bytes)).toEqual(shown.map(({ bytes }) => bytes).sort((a, b) => a - b));
  expect(shown.at(-1)).toMatchObject({ bytes: 3_000_000, totalBytes: 3_000_000 });
  expect(shown.every(({ bytesPerSecond }) => bytesPerSecond > 0)).toBe(true);
  expect(cleared).toBe(1);
  expect(told).toMatch(/^a: created, 3\.0 MB, SHA-256 [0-9a-f]{64}\n$/);
});

test('reportPut() sends nothing that is there already, and says so', async () => {
  await reportPut(files, { ...plain, source: local('octets'), path: 'a' }, io);
  shown = [];
  const deaf = { ...files, put: () => Promise.reject(new Error('not to be called')) };
  await reportPut(deaf, { ...plain, source: local('octets'), path: 'a' }, io);
  expect(shown).toEqual([]);
  expect(told).toMatch(/there already, the same/);
});

test('reportPut() of a stream knows no total', async () => {
  await reportPut(files, { ...plain, source: '-', path: 'a' }, io);
  expect(shown).toEqual([{ bytes: 5, bytesPerSecond: expect.any(Number) }]);
});

test('reportPut() tells when what is stored is not what was sent', async () => {
  const wrong: FileOperations = {
    ...files,
    async put(path, octets) {
      for await (const _ of octets);
      return { path, state: 'created', bytes: 6, sha256: '0'.repeat(64) };
    },
  };
  const putting = reportPut(wrong, { ...plain, source: local('octets'), path: 'a' }, io);
  await expect(putting).rejects.toMatchObject({ code: 'checksum' });
});

test('reportGet() makes whole files, and replaces none unless told to', async () => {
  await reportPut(files, { ...plain, source: local('octets'), path: 'a' }, io);
  const target = join(base, 'got');
  await reportGet(files, { path: 'a', local: target, overwrite: false }, io);
  expect(readFileSync(target, 'utf8')).toBe('octets');
  const again = reportGet(files, { path: 'a', local: target, overwrite: false }, io);
  await expect(again).rejects.toMatchObject({ code: 'exists' });
  const cut: FileOperations = {
    ...files,
    get: async () => ({ octets: [new Uint8Array(3)] as unknown as AsyncIterable<Uint8Array>, sizeBytes: 6 }),
  };
  const half = reportGet(cut, { path: 'a', local: target, overwrite: true }, io);
  await expect(half).rejects.toMatchObject({ reason: 'incomplete' });
  expect(readFileSync(target, 'utf8')).toBe('octets');
  expect(readdirSync(base).sort()).toEqual(['got', 'local', 'root']);
});

test.each([
  ['/boot/vmlinuz', 'vmlinuz'],
  ['https://mirror.example/debian/initrd%20x.gz?a=b', 'initrd x.gz'],
  ['https://mirror.example/', undefined],
  ['s3://boot/efi/grubx64.efi', 'grubx64.efi'],
  ['fs:/srv/a', 'a'],
  ['-', undefined],
])('sourceName() %s', (source, name) => {
  expect(sourceName(source)).toBe(name);
});
