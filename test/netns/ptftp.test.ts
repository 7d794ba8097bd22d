import { readdirSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { addLossyLink } from '../rig/lossy-link.ts';
import { PROJECT } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import { startTftpServer, TFTP_SERVERS, type TftpServer } from '../rig/tftp-servers.ts';
import {
  type Command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  run,
  tun,
} from './harness.ts';

const SERVER = '192.168.77.1';
const PTFTP = [process.execPath, join(PROJECT, 'bin/ptftp.ts')] as const;

/** Past 65,535 blocks of 512: 33,553,920 octets. */
const SIZES = {
  f0: 0,
  f511: 511,
  f512: 512,
  f513: 513,
  f100k: 100_000,
  f33m: 33_600_000,
  f200m: 200_000_000,
};

const NEEDS = [namespaces, ...TFTP_SERVERS.map(({ need }) => need)];
const site = {} as { lab: Lab; root: TftpRoot; host: Host; client: Host; folder: string };
let running: Running | undefined;

async function serve(server: TftpServer): Promise<void> {
  running = await startTftpServer(site.host, server, site.root.path);
}

async function ptftp(words: readonly string[], host = site.client) {
  return host.run([...PTFTP, ...words] as Command, { cwd: site.folder, timeoutMs: 100_000 });
}

/** Fetches a file, compares it, and takes it away. */
async function fetches(name: string, options: readonly string[] = [], host = site.client): Promise<void> {
  const { code, stderr } = await ptftp([...options, SERVER, 'get', name], host);
  expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
  expect(await hashOf(join(site.folder, name)), name).toBe(await site.root.hash(name));
  expect(readdirSync(site.folder)).toEqual([name]);
  await rm(join(site.folder, name));
}

async function sends(name: string, options: readonly string[] = [], host = site.client): Promise<void> {
  const { code, stderr } = await ptftp(
    [...options, SERVER, 'put', join(site.root.path, name), `up-${name}`],
    host,
  );
  expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
  // The last ACK of in.tftpd comes before its file is closed.
  await expect
    .poll(() => statSync(join(site.root.path, `up-${name}`)).size)
    .toBe(statSync(join(site.root.path, name)).size);
  expect(await site.root.hash(`up-${name}`), name).toBe(await site.root.hash(name));
  await rm(join(site.root.path, `up-${name}`));
}

ring('ptftp', NEEDS, () => {
  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot({ writable: true });
    for (const [name, sizeBytes] of Object.entries(SIZES)) await site.root.fill(name, sizeBytes);
    site.host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    site.folder = join(site.lab.folder, 'here');
    await mkdir(site.folder);
  });
  afterEach(async () => {
    await running?.stop(100);
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });

  for (const server of TFTP_SERVERS) {
    test(`gets files of all sizes from ${server.name}, byte for byte`, async () => {
      await serve(server);
      for (const name of ['f0', 'f511', 'f512', 'f513']) {
        await fetches(name);
        await fetches(name, ['--rfc1350']);
      }
      await fetches('f33m', ['--rfc1350']);
      if (server.windows) await fetches('f200m');
    });

    if (server.uploads) {
      test(`puts files of all sizes to ${server.name}, byte for byte`, async () => {
        await serve(server);
        for (const name of ['f0', 'f511', 'f512', 'f513']) await sends(name);
        await sends('f33m', ['--rfc1350']);
        if (server.windows) await sends('f200m');
      });
    }
  }

  ring('over a link that drops, doubles and reorders 5 %', [tun], () => {
    let far: Host;
    beforeAll(async () => {
      await site.lab.segment('bad');
      await addLossyLink(site.lab, { far: 'bad', percent: 5, seed: 77 });
      far = await site.lab.host('far', { segment: 'bad', address: '192.168.77.60/24' });
    });

    test.each(TFTP_SERVERS)('gets and puts with $name, byte for byte', async (server) => {
      await serve(server);
      await fetches('f100k', [], far);
      await fetches('f513', ['--rfc1350'], far);
      if (server.uploads) await sends('f100k', [], far);
    });
  });

  test.each(TFTP_SERVERS)('says so when $name is killed, and leaves nothing behind', async (server) => {
    await serve(server);
    const transfer = site.client.start([...PTFTP, '-r', '-t', '0.5', SERVER, 'get', 'f200m'], {
      cwd: site.folder,
    });
    const partly = () => readdirSync(site.folder).some((name) => statSync(join(site.folder, name)).size > 0);
    await expect.poll(partly, { timeout: 30_000, interval: 10 }).toBe(true);
    // in.tftpd serves each transfer by a process of its own.
    await run(['sh', '-c', `ip netns pids ${site.host.netns} | xargs kill -9`]);
    expect(await transfer.exited).toBe(1);
    expect(transfer.output()).toMatch(
      /^ptftp: f200m at 192\.168\.77\.1: the server (is gone|fell silent after block \d+)$/m,
    );
    expect(readdirSync(site.folder)).toEqual([]);
  });

  test('is interrupted: nothing stays, and the server is told', async () => {
    await serve(TFTP_SERVERS[0]!);
    const transfer = site.client.start([...PTFTP, '-r', SERVER, 'get', 'f200m'], { cwd: site.folder });
    await expect.poll(() => readdirSync(site.folder).length, { timeout: 30_000 }).toBe(1);
    await expect
      .poll(() => statSync(join(site.folder, readdirSync(site.folder)[0]!)).size)
      .toBeGreaterThan(0);
    transfer.signal('SIGINT');
    expect(await transfer.exited).toBe(130);
    expect(readdirSync(site.folder)).toEqual([]);
    await running!.waitFor(/"tftp\.(failed|ended|probed)"[^\n]*f200m[^\n]*aborted/, 5000);
  });
});
