import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { createSupervisor } from '../../src/app/supervisor.ts';
import {
  createTftpServer,
  FileNotFound,
  ServerNotRunning,
  TftpError,
  type TftpServer,
} from '../../src/library/index.ts';
import { createFilesRig, type FilesRig } from '../cli/files-rig.ts';
import { pxectl } from '../rig/pxectl.ts';
import { type Need, ring } from '../rig/requirement.ts';
import { fetchByTftp } from './fetch-by-tftp.ts';

/**
 * What the systems that pxed succeeds can do with a TFTP server and its files, operation by operation, by the names that they have
 * there: each row does it here.
 */

let base: string;
let server: TftpServer;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-parity-'));
  server = createTftpServer({ root: join(base, 'root'), host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.close();
  rmSync(base, { recursive: true, force: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (octets: Uint8Array) => Buffer.from(octets).toString();
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

function local(data: string): string {
  const path = join(base, 'local');
  writeFileSync(path, data);
  return path;
}

async function mirror(): Promise<{ url: string; puts: string[] }> {
  const puts: string[] = [];
  const web = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.method === 'PUT') puts.push(body);
    response.end('from the web');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void web.close());
  return { url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/a`, puts };
}

type Row = readonly [operation: string, work: () => Promise<void>];

const driver: Row[] = [
  ['root_dir: is made when missing', async () => expect(existsSync(join(base, 'root'))).toBe(true)],
  [
    'host: is found out',
    async () => {
      await using everywhere = createTftpServer({ root: join(base, 'root'), port: 0 });
      await everywhere.start();
      expect(everywhere.host()).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    },
  ],
  [
    'port: 69 unless said otherwise, 0 is any, and get_port tells which',
    async () => {
      await server.start();
      expect(server.port()).toBeGreaterThan(0);
      expect(server.host()).toBe('127.0.0.1');
    },
  ],
  [
    'start, stop: serves only between them',
    async () => {
      await server.files.put('a', bytes('a'));
      await server.start();
      const port = server.port();
      expect(await fetchByTftp(port, 'a')).toEqual({ octets: 'a' });
      await server.stop();
      expect(() => server.port()).toThrow(ServerNotRunning);
      await using other = createTftpServer({ root: join(base, 'root'), host: '127.0.0.1', port });
      await other.start(); // the port is free again
    },
  ],
  [
    'start: fails when the port is taken, and does not say that it serves',
    async () => {
      await server.start();
      const second = createTftpServer({ root: join(base, 'root'), host: '127.0.0.1', port: server.port() });
      await expect(second.start()).rejects.toBeInstanceOf(TftpError);
    },
  ],
  [
    'get_host, get_port: TftpError ServerNotRunning before start',
    async () => {
      expect(() => server.host()).toThrow(ServerNotRunning);
      expect(() => server.port()).toThrow(TftpError);
    },
  ],
  [
    'put_local_file: skipped when the SHA-256 matches',
    async () => {
      expect((await server.files.putLocal(local('a'), 'a')).state).toBe('created');
      expect((await server.files.putLocal(local('a'), 'a')).state).toBe('same');
      expect((await server.files.putLocal(local('b'), 'a')).state).toBe('replaced');
    },
  ],
  [
    'list_files',
    async () => {
      await server.files.put('b', bytes('b'));
      await server.files.put('a', bytes('a'));
      expect((await server.files.list()).map(({ path }) => path)).toEqual(['a', 'b']);
    },
  ],
  [
    'delete_file: FileNotFound for one that is not there',
    async () => {
      await server.files.put('a', bytes('a'));
      await server.files.remove('a');
      await expect(server.files.remove('a')).rejects.toBeInstanceOf(FileNotFound);
    },
  ],
  [
    'check_file_checksum',
    async () => {
      await server.files.put('a', bytes('a'));
      expect(await server.files.check('a', sha256('a'))).toBe(true);
      expect(await server.files.check('a', sha256('b'))).toBe(false);
    },
  ],
  [
    'names with folders, which it refuses, are served',
    async () => {
      await server.files.put('efi/debian/grubx64.efi', bytes('grub'));
      await server.start();
      expect(await fetchByTftp(server.port(), 'efi/debian/grubx64.efi')).toEqual({ octets: 'grub' });
    },
  ],
  [
    'traversal is an error',
    async () => {
      const leading = server.files.put('../outside', bytes('x'));
      await expect(leading).rejects.toBeInstanceOf(TftpError);
      expect(readdirSync(base)).toEqual(['root']);
    },
  ],
  [
    'remove_created_on_close',
    async () => {
      writeFileSync(join(base, 'root/theirs'), 'theirs');
      await server.files.put('ours', bytes('x'));
      await server.close();
      expect(readdirSync(join(base, 'root'))).toEqual(['theirs']);
    },
  ],
  [
    'get_url, of the HTTP sibling',
    async () => {
      await server.start();
      expect(server.url('efi/a b')).toBe(`tftp://127.0.0.1:${server.port()}/efi/a%20b`);
    },
  ],
];

const storage: Row[] = [
  [
    'write_bytes, read_bytes',
    async () => {
      await server.files.put('a', bytes('octets'));
      expect(text(await server.files.read('a'))).toBe('octets');
    },
  ],
  [
    'write_from_path, read_into_path',
    async () => {
      await server.files.putLocal(local('octets'), 'a');
      await server.files.getLocal('a', join(base, 'back'));
      expect(readFileSync(join(base, 'back'), 'utf8')).toBe('octets');
    },
  ],
  [
    'write from and read into an http(s) URL',
    async () => {
      const { url, puts } = await mirror();
      await server.files.putFrom(url, 'a');
      expect(text(await server.files.read('a'))).toBe('from the web');
      await server.files.sendTo('a', url);
      expect(puts).toEqual(['from the web']);
    },
  ],
  [
    'open for reading: read, seek, tell',
    async () => {
      await server.files.put('a', bytes('0123456789'));
      await using file = await server.files.open('a');
      file.seek(3);
      expect(text(await file.read(2))).toBe('34');
      expect(file.tell()).toBe(5);
      file.seek(-2, 'end');
      expect(text(await file.read(9))).toBe('89');
    },
  ],
  [
    'open for writing: write, seek, tell',
    async () => {
      const file = await server.files.create('a');
      await file.write(bytes('0123456789'));
      file.seek(3);
      await file.write(bytes('xy'));
      expect(file.tell()).toBe(5);
      await file.close();
      expect(text(await server.files.read('a'))).toBe('012xy56789');
    },
  ],
  [
    'stat',
    async () => {
      await server.files.put('a', bytes('abc'));
      expect(await server.files.stat('a')).toMatchObject({ kind: 'file', sizeBytes: 3 });
      await expect(server.files.stat('b')).rejects.toBeInstanceOf(FileNotFound);
    },
  ],
  [
    'hash: md5, sha256',
    async () => {
      await server.files.put('a', bytes('a'));
      expect(await server.files.hash('a', 'md5')).toBe('0cc175b9c0f1b6a831c399e269772661');
      expect(await server.files.hash('a', 'sha256')).toBe(sha256('a'));
    },
  ],
  [
    'copy, rename',
    async () => {
      await server.files.put('a', bytes('a'));
      await server.files.copy('a', 'b');
      await server.files.rename('a', 'c');
      expect((await server.files.list()).map(({ path }) => path)).toEqual(['b', 'c']);
    },
  ],
  [
    'create_dir, delete, remove_all, exists',
    async () => {
      await server.files.mkdir('x/y');
      await server.files.put('x/y/a', bytes('a'));
      expect(await server.files.exists('x/y/a')).toBe(true);
      await server.files.remove('x/y/a');
      expect(await server.files.exists('x/y/a')).toBe(false);
      await server.files.put('x/b', bytes('b'));
      await server.files.removeAll('x');
      expect(await server.files.exists('x')).toBe(false);
    },
  ],
  [
    'list, scan',
    async () => {
      await server.files.put('x/a', bytes('a'));
      const found: string[] = [];
      for await (const { path } of server.files.scan()) found.push(path);
      expect(found).toEqual(['x', 'x/a']);
      expect((await server.files.list('x')).map(({ path }) => path)).toEqual(['x/a']);
    },
  ],
  [
    'get_created_resources',
    async () => {
      await server.files.put('x/a', bytes('a'));
      await server.files.put('b', bytes('b'));
      await server.files.remove('b');
      expect(server.files.createdResources()).toEqual(['x', 'x/a']);
    },
  ],
];

describe('Jumpstarter: the TFTP driver', () => {
  test.each(driver)('%s', (_, work) => work());
});

describe('Jumpstarter: the storage client', () => {
  test.each(storage)('%s', (_, work) => work());
});

const opendal: Need = () => {
  try {
    createRequire(import.meta.url)('opendal');
    return undefined;
  } catch {
    return 'no opendal (npm install --no-save opendal@0.49.2)';
  }
};

ring('Jumpstarter: other storage', [opendal], () => {
  test('put_file(operator, path): from any OpenDAL storage, skipped when the SHA-256 matches', async () => {
    const path = local('octets');
    expect(await server.files.putFrom(`fs:${path}`, 'a')).toMatchObject({ state: 'created' });
    expect(await server.files.putFrom(`fs:${path}`, 'a')).toMatchObject({ state: 'same' });
  });
});

type Service = { readonly name: string; readonly state: string };
type Edit = { readonly id: string };

/** As a system that manages servers sees one: by its state, and by a configuration that is begun, set, saved and applied. */
describe('Q-Layer: tftpd', () => {
  let rig: FilesRig;
  beforeEach(async () => {
    rig = await createFilesRig();
  });
  afterEach(() => rig.close());

  const control = () => createControlClient({ socket: rig.socket });
  const order = (verb: string) => control().send('POST', `/api/v1/services/tftp/${verb}`);

  async function status(): Promise<string> {
    const { services } = (await control().get('/api/v1/status')) as { services: Service[] };
    return services.find(({ name }) => name.startsWith('tftp'))!.state;
  }

  const begin = async () => (await control().send('POST', '/api/v1/config/edit', {})) as Edit;
  const set = (id: string, values: Record<string, unknown>) =>
    control().send('PATCH', `/api/v1/config/edit/${id}`, { set: values });
  const save = (id: string, apply = true) =>
    control().send('POST', `/api/v1/config/edit/${id}/save`, { apply });
  const configFile = () => readFileSync(join(rig.base, 'pxed.yaml'), 'utf8');

  test('start, stop, restart, getStatus: start is a no-op when running, stop when stopped', async () => {
    expect(await status()).toBe('running');
    expect(await order('start')).toMatchObject({ changed: false });
    expect(await order('stop')).toMatchObject({ changed: true });
    expect(await status()).toBe('halted');
    expect(await order('stop')).toMatchObject({ changed: false });
    expect(await order('restart')).toMatchObject({ changed: true });
    expect(await status()).toBe('running');
  });

  test('begin, set, save, apply: apply leaves the run state as it was', async () => {
    await order('stop');
    const { id } = await begin();
    await set(id, { 'tftp.windowsize-max': 8 });
    expect(configFile()).not.toContain('windowsize-max');
    expect(await save(id)).toMatchObject({ saved: true, applied: true });
    expect(configFile()).toContain('windowsize-max: 8');
    expect(await status()).toBe('halted');
    await order('start');
    const again = await begin();
    await set(again.id, { 'tftp.windowsize-max': 16 });
    await save(again.id);
    expect(await status()).toBe('running');
  });

  test('save writes only what changed', async () => {
    const before = configFile();
    const { id } = await begin();
    await set(id, { 'tftp.windowsize-max': 8 });
    await save(id);
    expect(configFile().startsWith(before.trimEnd())).toBe(true);
    const same = await begin();
    await set(same.id, { 'tftp.windowsize-max': 8 });
    expect(await save(same.id)).toMatchObject({ saved: false });
  });

  test('two editors are told of each other', async () => {
    await begin();
    await expect(begin()).rejects.toMatchObject({ status: 409 });
  });

  test('ipAddress, port, serverPath', async () => {
    await using elsewhere = createTftpServer({ root: join(base, 'other'), host: '127.0.0.2', port: 0 });
    await elsewhere.start();
    expect(elsewhere.url('a')).toBe(`tftp://127.0.0.2:${elsewhere.port()}/a`);
    expect(elsewhere.root).toBe(join(base, 'other'));
  });
});

test('Q-Layer: startAtReboot', async () => {
  const image = join(base, 'image');
  mkdirSync(image);
  const link = join(image, 'etc/systemd/system/multi-user.target.wants/pxed.service');
  const isThere = () => lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  expect(await pxectl('enable', '--root', image, '--', 'eth0', '/tftp', 'pxelinux.0')).toMatchObject({
    code: 0,
  });
  expect(isThere()).toBe(true);
  expect(await pxectl('disable', '--root', image)).toMatchObject({ code: 0 });
  expect(isThere()).toBe(false);
});

test('Q-Layer: autoRestart: what fails is started again', async () => {
  const stop = new AbortController();
  let runs = 0;
  const task = {
    name: 'tftp',
    async run({ signal, ready }: { signal: AbortSignal; ready: () => void }) {
      if (++runs === 1) throw new Error('it fell over');
      ready();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  };
  const ready = Promise.withResolvers<void>();
  const { signal } = stop;
  const timing = { backoffMs: 1 };
  const supervisor = createSupervisor([task], { emit() {}, signal, onReady: ready.resolve, timing });
  await ready.promise;
  expect([runs, supervisor.states()[0]?.phase]).toEqual([2, 'running']);
  stop.abort();
  await supervisor.finished;
});
