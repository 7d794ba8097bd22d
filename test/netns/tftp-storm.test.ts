import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { compileTool, createTftpRoot, loadReport, type TftpRoot } from '../rig/tftp-root.ts';
import {
  addLossyLink,
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  tun,
} from './harness.ts';

const SERVER = '192.168.77.1';
const SIZES = { boot: 1_000_000, small: 100_000 };

ring('many TFTP clients', [namespaces, command('gcc', 'gcc')], () => {
  const site = {} as { lab: Lab; root: TftpRoot; server: Running; client: Host; load: string };

  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot();
    for (const [name, sizeBytes] of Object.entries(SIZES)) await site.root.fill(name, sizeBytes);
    const host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    site.load = await compileTool('tftpload', site.lab.folder);
    const program = join(PROJECT, 'bin/ptftpd.ts');
    site.server = host.start([process.execPath, program, 'eth0', site.root.path]);
    await waitForPorts(site.server, [69]);
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });

  async function storm({
    clients = 20,
    blksize = 1468,
    windowsize = 1,
    from = site.client,
    file = 'boot' as keyof typeof SIZES,
  }) {
    const { stdout } = await from.run(
      [
        site.load,
        SERVER,
        '69',
        file,
        String(clients),
        String(clients),
        String(blksize),
        String(windowsize),
        String(SIZES[file]),
        await fnv64(join(site.root.path, file)),
      ],
      { timeoutMs: 100_000 },
    );
    return loadReport(stdout);
  }

  test.each([
    [200, 1468, 1],
    [200, 512, 1],
    [200, 1468, 16],
  ])('%d at once, blksize %d, window %d: no failure and no retry', async (clients, blksize, windowsize) => {
    expect(await storm({ clients, blksize, windowsize })).toMatchObject({
      ok: clients,
      fail: 0,
      retrans: 0,
      err: '',
    });
  });

  test('1000 at once, and again: none fails, memory stays flat', async () => {
    await storm({ clients: 1000, windowsize: 4 });
    const before = residentBytes(site.server.pid);
    for (let i = 0; i < 3; i++)
      expect(await storm({ clients: 1000, windowsize: 4 })).toMatchObject({ ok: 1000, fail: 0 });
    expect(residentBytes(site.server.pid)).toBeLessThan(before * 1.3);
  });

  ring('over a bad cable', [tun], () => {
    test('5 % of the frames lost, doubled and held back: all complete, byte for byte', async () => {
      await site.lab.segment('far');
      const link = await addLossyLink(site.lab, { far: 'far', percent: 5, seed: 77 });
      const far = await site.lab.host('far', { address: '192.168.77.51/24', segment: 'far' });
      // In lock-step the fleet ignores a doubled block, so each lost ACK costs it its own timer of a second: a short file.
      const lockStep = await storm({ clients: 40, from: far, file: 'small' });
      expect(lockStep).toMatchObject({ ok: 40, fail: 0 });
      expect(await storm({ clients: 40, windowsize: 8, from: far })).toMatchObject({ ok: 40, fail: 0 });
      expect((await link.stop()).dropped).toBeGreaterThan(500);
    });
  });

  test('100,000 arbitrary datagrams: it still serves, and memory stays flat', async () => {
    const before = residentBytes(site.server.pid);
    const flood = join(import.meta.dirname, '../rig/flood-process.ts');
    const out = await site.client.must([process.execPath, flood, SERVER, '69', '100000', '4711'], {
      timeoutMs: 100_000,
    });
    expect(out).toContain('sent 100000');
    expect(await storm({})).toMatchObject({ ok: 20, fail: 0 });
    expect(residentBytes(site.server.pid)).toBeLessThan(before * 1.3);
  });
});

/** `ip netns exec` replaces itself by the server, so the process started is the server. */
function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!line) throw new Error('the server is gone');
  return Number(line[1]) * 1024;
}

/** FNV-1a of 64 bits, as tftpload computes it. */
async function fnv64(path: string): Promise<string> {
  let hash = 1469598103934665603n;
  for (const octet of readFileSync(path)) {
    hash = ((hash ^ BigInt(octet)) * 1099511628211n) & 0xffff_ffff_ffff_ffffn;
  }
  return hash.toString(16);
}
