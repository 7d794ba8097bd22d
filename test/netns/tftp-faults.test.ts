import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { createTftpRoot, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, must, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const NEEDS = [namespaces, command('curl', 'curl')];

ring('a TFTP server in trouble', NEEDS, () => {
  const site = {} as { lab: Lab; root: TftpRoot; host: Host; client: Host; server: Running };

  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot({ writable: true });
    await must(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=777', 'none', site.root.path]);
    await site.root.fill('boot', 100_000);
    site.host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    const program = join(PROJECT, 'bin/ptftpd.ts');
    // As root, because prlimit(1) of a test may not meddle with other users' processes.
    site.server = site.host.start([
      process.execPath,
      program,
      '--user',
      'root',
      '--allow-write',
      'eth0',
      site.root.path,
    ]);
    await waitForPorts(site.server, [69]);
  });
  afterAll(async () => {
    await site.lab.close();
    await must(['umount', site.root.path]);
    await site.root.delete();
  });

  const to = (name: string) => join(site.lab.folder, name);

  function get(name: string) {
    return site.client.run(['curl', '-sS', '-m', '20', '-o', to(`got-${name}`), `tftp://${SERVER}/${name}`]);
  }

  function put(from: string, name: string) {
    return site.client.run(['curl', '-sS', '-m', '20', '-T', from, `tftp://${SERVER}/${name}`]);
  }

  function events(type: string): Record<string, unknown>[] {
    const lines = site.server.output().split('\n');
    return lines.filter((line) => line.includes(`"${type}"`)).map((line) => JSON.parse(line));
  }

  async function servesBoot(): Promise<void> {
    expect(await get('boot')).toMatchObject({ code: 0 });
    expect(readFileSync(to('got-boot'))).toEqual(readFileSync(join(site.root.path, 'boot')));
  }

  test('a disk that fills up ends the upload with ERROR 3, and nothing of it stays', async () => {
    await writeFile(to('large'), new Uint8Array(4_000_000));
    const refused = await put(to('large'), 'new');
    expect(refused.code).toBe(70); // CURLE_REMOTE_DISK_FULL: ERROR 3
    expect(readdirSync(site.root.path)).toEqual(['boot']);
    await site.server.waitFor(/"tftp.failed".*\n/, 10_000);
    expect(events('tftp.failed').at(-1)).toMatchObject({ file: 'new', write: true, failure: 'disk-full' });
    await writeFile(to('fits'), new Uint8Array(50_000));
    expect(await put(to('fits'), 'fits')).toMatchObject({ code: 0 });
    expect(readdirSync(site.root.path).sort()).toEqual(['boot', 'fits']);
  });

  test('no descriptor left: the client is told, and the next one is served when there are some', async () => {
    const pid = String(site.server.pid);
    const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
    let free = 0;
    while (used.has(free)) free++;
    const before = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))![1]!;
    await must(['prlimit', '--pid', pid, `--nofile=${free}:`]);
    await must(['cp', join(site.root.path, 'boot'), join(site.root.path, 'other')]);
    const refused = await get('other');
    expect(refused.code).not.toBe(0);
    await site.server.waitFor(/"tftp.refused".*\n/, 10_000);
    expect(events('tftp.refused').at(-1)).toMatchObject({
      failure: 'too-many-files',
      code: 0,
      detail: 'EMFILE',
    });
    await must(['prlimit', '--pid', pid, `--nofile=${before}:`]);
    expect(await get('other')).toMatchObject({ code: 0 });
  });

  ring('behind a firewall', [command('nft', 'nftables')], () => {
    test('EPERM is told once, and the transfer goes on when it is over', async () => {
      const rules =
        'table ip pxedtest {\nchain out {\ntype filter hook output priority 0;\nudp sport != 67 drop;\n}\n}\n';
      await writeFile(to('rules'), rules);
      await site.host.must(['nft', '-f', to('rules')]);
      const running = get('boot');
      await site.server.waitFor(/send-failed.*EPERM/, 10_000);
      await site.host.must(['nft', 'delete', 'table', 'ip', 'pxedtest']);
      expect(await running).toMatchObject({ code: 0 });
      expect(events('service.warning').filter(({ problem }) => problem === 'send-failed')).toHaveLength(1);
      await servesBoot();
    });
  });
});
