import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { FileNotFound } from '../../src/lib/tftp-error.ts';
import { createFileStore } from '../../src/store/file-store.ts';
import type { FileStore } from '../../src/store/file-store-face.ts';
import { openStorage, storageFileOf } from '../../src/store/other-storage.ts';
import { type Need, ring } from '../rig/requirement.ts';
import { serveS3 } from './s3-stub.ts';

let base: string;
let files: FileStore;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-storage-'));
  mkdirSync(join(base, 'root'));
  files = createFileStore({ root: join(base, 'root') });
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const stored = (name: string) => readFileSync(join(base, 'root', name));

test.each([
  [
    's3://boot/efi/grubx64.efi',
    { scheme: 's3', settings: { root: '/', bucket: 'boot' }, path: 'efi/grubx64.efi' },
  ],
  ['gcs://boot/a', { scheme: 'gcs', settings: { root: '/', bucket: 'boot' }, path: 'a' }],
  ['azblob://images/a', { scheme: 'azblob', settings: { root: '/', container: 'images' }, path: 'a' }],
  ['webdav://host:8443/a/b', { scheme: 'webdav', settings: { endpoint: 'https://host:8443' }, path: 'a/b' }],
  ['webdav+http://host/a', { scheme: 'webdav', settings: { endpoint: 'http://host' }, path: 'a' }],
  ['fs:/srv/a', { scheme: 'fs', settings: { root: '/' }, path: 'srv/a' }],
  ['fs:///srv/a', { scheme: 'fs', settings: { root: '/' }, path: 'srv/a' }],
  ['http://host/a', undefined],
  ['https://host/a', undefined],
  ['/srv/a', undefined],
  ['a', undefined],
  ['odd:name', undefined],
])('storageFileOf() %s', (text, wanted) => {
  expect(storageFileOf(text)).toEqual(wanted);
});

test('without OpenDAL it is said what to install', async () => {
  const absent = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  const asked = openStorage({ scheme: 's3', settings: {}, path: 'a' }, {}, () => Promise.reject(absent));
  await expect(asked).rejects.toMatchObject({ reason: 'no-opendal' });
  await expect(asked).rejects.toThrow(/npm install opendal/);
});

const opendal: Need = () => {
  try {
    createRequire(import.meta.url)('opendal');
    return undefined;
  } catch {
    return 'no opendal (npm install --no-save opendal@0.49.2)';
  }
};

ring('putFrom() other storage', [opendal], () => {
  test('of the file system', async () => {
    const data = randomBytes(3_000_000);
    writeFileSync(join(base, 'a'), data);
    expect(await files.putFrom(`fs:${base}/a`, 'a')).toMatchObject({
      state: 'created',
      sha256: sha256(data),
    });
    expect(await files.putFrom(`fs:${base}/a`, 'a')).toMatchObject({ state: 'same' });
    expect(stored('a').equals(data)).toBe(true);
    await expect(files.putFrom(`fs:${base}/none`, 'b')).rejects.toBeInstanceOf(FileNotFound);
    await expect(files.putFrom(`fs:${base}`, 'b')).rejects.toMatchObject({ reason: 'source' });
    await expect(files.putFrom('nonsense://x/y', 'b')).rejects.toMatchObject({ reason: 'source' });
    expect(readdirSync(join(base, 'root'))).toEqual(['a']);
  });

  test('of a web server', async () => {
    const data = randomBytes(200_000);
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-length': data.length });
      response.end(request.method === 'HEAD' ? undefined : data);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // By OpenDAL's own service of that name, not by fetch.
    const file = { scheme: 'http', settings: { endpoint }, path: 'some/file' };
    const { octets, sizeBytes } = await openStorage(file);
    expect(sizeBytes).toBe(data.length);
    expect(await files.put('b', octets)).toMatchObject({ sha256: sha256(data) });
  });

  test('of an S3, with signed requests, as far as a stub of it can tell', async () => {
    const data = randomBytes(5_000_000);
    const s3 = await serveS3(new Map([['boot/efi/grub x64.efi', data]]));
    onTestFinished(() => s3.close());
    const storage = {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      access_key_id: s3.accessKey,
      secret_access_key: s3.secretKey,
    };
    const put = (name: string, settings: Record<string, string>) =>
      files.putFrom(name, 'grubx64.efi', { storage: settings });
    expect(await put('s3://boot/efi/grub x64.efi', storage)).toMatchObject({
      state: 'created',
      sha256: sha256(data),
    });
    expect(stored('grubx64.efi').equals(data)).toBe(true);
    expect(await put('s3://boot/efi/grub x64.efi', storage)).toMatchObject({ state: 'same' });
    expect(s3.signed).toContain('HEAD /boot/efi/grub%20x64.efi');
    await expect(put('s3://boot/none', storage)).rejects.toBeInstanceOf(FileNotFound);
    const wrong = { ...storage, secret_access_key: 'guessed' };
    await expect(put('s3://boot/efi/grub x64.efi', wrong)).rejects.toMatchObject({ reason: 'source' });
  });
});
