import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Need } from '../rig/requirement.ts';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import {
  type Command,
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
} from './harness.ts';

const SERVER = '192.168.77.1';
const MB = 1_000_000;

/** Past 65,535 blocks of 512: 33,553,920 octets. */
const SIZES = { f0: 0, f511: 511, f512: 512, f513: 513, f33m: 33_600_000, f100m: 100 * MB };
type Name = keyof typeof SIZES;

type Client = {
  name: string;
  need: Need;
  /** Gets `name` into `to`; `blksize` 512 means: no option. */
  get(name: string, to: string, blksize: number): Command;
};

const CLIENTS: Client[] = [
  {
    name: 'tftp-hpa',
    need: command('tftp', 'tftp-hpa'),
    get: (name, to) => ['tftp', '-m', 'binary', SERVER, '-c', 'get', name, to],
  },
  {
    name: 'atftp',
    need: command('atftp', 'atftp'),
    get: (name, to, blksize) => [
      'atftp',
      ...(blksize === 512 ? [] : ['--option', `blksize ${blksize}`]),
      '-g',
      '-r',
      name,
      '-l',
      to,
      SERVER,
    ],
  },
  {
    name: 'curl',
    need: command('curl', 'curl'),
    get: (name, to, blksize) => [
      'curl',
      '-sS',
      '--tftp-blksize',
      String(blksize),
      '-o',
      to,
      `tftp://${SERVER}/${name}`,
    ],
  },
  {
    name: 'busybox',
    need: command('busybox', 'busybox-static'),
    get: (name, to, blksize) => [
      'busybox',
      'tftp',
      '-g',
      '-b',
      String(blksize),
      '-r',
      name,
      '-l',
      to,
      SERVER,
    ],
  },
];

/** A server with `options` and one client host. */
function useTftp(options: readonly string[], writable: boolean) {
  const site = {} as { lab: Lab; root: TftpRoot; client: Host; server: Running };
  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot({ writable });
    const host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    const program = join(PROJECT, 'bin/ptftpd.ts');
    site.server = host.start([process.execPath, program, ...options, 'eth0', site.root.path]);
    await waitForPorts(site.server, [69]);
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });
  return site;
}

ring('TFTP clients', [namespaces], () => {
  const site = useTftp([], false);
  beforeAll(async () => {
    for (const [name, sizeBytes] of Object.entries(SIZES)) await site.root.fill(name, sizeBytes);
    await writeFile(join(site.root.path, 'text'), 'one\ntwo\r\nthree\rfour\n', { mode: 0o644 });
  });

  for (const client of CLIENTS) {
    ring(client.name, [client.need], () => {
      const sizes = Object.keys(SIZES) as Name[];
      test.each(sizes.map((name) => [name, name === 'f100m' ? 1468 : 512] as const))(
        'gets %s with blocks of %d, byte for byte',
        async (name, blksize) => {
          const to = join(site.lab.folder, `${client.name}-${name}`);
          await site.client.must(client.get(name, to, blksize), { timeoutMs: 100_000 });
          expect(await hashOf(to)).toBe(await site.root.hash(name));
          await rm(to);
        },
      );
    });
  }

  ring('tftp-hpa', [command('tftp', 'tftp-hpa')], () => {
    test('reads netascii as the text it is', async () => {
      const to = join(site.lab.folder, 'text');
      await site.client.must(['tftp', '-m', 'ascii', SERVER, '-c', 'get', 'text', to]);
      // The client makes its own line ends of it again; a bare CR it leaves out or keeps, by version.
      expect((await readFile(to, 'latin1')).replaceAll('\r', '')).toBe('one\ntwo\nthreefour\n');
    });

    test('is told that it may not put', async () => {
      const from = join(site.lab.folder, 'upload');
      await writeFile(from, 'x');
      const { stdout, stderr } = await site.client.run(['tftp', SERVER, '-c', 'put', from, 'new']);
      expect(stdout + stderr).toMatch(/Error code 2: Access violation/);
    });

    test('is told at once that a file is missing', async () => {
      const { stdout, stderr } = await site.client.run(['tftp', SERVER, '-c', 'get', 'missing', '/dev/null']);
      expect(stdout + stderr).toMatch(/Error code 1: File not found/);
    });
  });
});

ring('TFTP uploads', [namespaces], () => {
  const site = useTftp(['--allow-write'], true);
  const uploads: { name: string; need: Need; put(from: string, name: string): Command }[] = [
    {
      name: 'tftp-hpa',
      need: command('tftp', 'tftp-hpa'),
      put: (from, name) => ['tftp', '-m', 'binary', SERVER, '-c', 'put', from, name],
    },
    {
      name: 'atftp',
      need: command('atftp', 'atftp'),
      put: (from, name) => ['atftp', '-p', '-l', from, '-r', name, SERVER],
    },
    {
      name: 'curl',
      need: command('curl', 'curl'),
      put: (from, name) => ['curl', '-sS', '-T', from, `tftp://${SERVER}/${name}`],
    },
    {
      name: 'busybox',
      need: command('busybox', 'busybox-static'),
      put: (from, name) => ['busybox', 'tftp', '-p', '-b', '1428', '-l', from, '-r', name, SERVER],
    },
  ];
  for (const { name, need, put } of uploads) {
    ring(name, [need], () => {
      test.each([1, 511, 512, 513, 3_000_000])('puts %d octets, byte for byte', async (sizeBytes) => {
        const from = join(site.lab.folder, `${name}-${sizeBytes}`);
        await writeFile(
          from,
          Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7919) >>> 8),
        );
        await site.client.must(put(from, `${name}-${sizeBytes}`));
        expect(await site.root.hash(`${name}-${sizeBytes}`)).toBe(await hashOf(from));
      });

      test('cannot replace what is there', async () => {
        await writeFile(join(site.root.path, `${name}-taken`), 'precious', { mode: 0o666 });
        const from = join(site.lab.folder, `${name}-other`);
        await writeFile(from, 'other');
        await site.client.run(put(from, `${name}-taken`));
        expect(await readFile(join(site.root.path, `${name}-taken`), 'utf8')).toBe('precious');
        await site.server.waitFor(new RegExp(`may not send ${name}-taken`), 5000);
      });
    });
  }
});
