import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Capture, startCapture } from '../rig/capture.ts';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const SIZE = 4_000_000;
const NEEDS = [
  namespaces,
  command('atftp', 'atftp'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
];

ring('one file for many clients by multicast (RFC 2090)', NEEDS, () => {
  const site = {} as { lab: Lab; root: TftpRoot; server: Running; clients: Host[]; capture: Capture };

  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot();
    await site.root.fill('boot', SIZE);
    const host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.clients = [];
    for (let i = 0; i < 4; i++) {
      const client = await site.lab.host(`client${i}`, { address: `192.168.77.${50 + i}/24` });
      await client.must(['ip', 'route', 'add', '239.0.0.0/8', 'dev', 'eth0']);
      site.clients.push(client);
    }
    const program = join(PROJECT, 'bin/ptftpd.ts');
    const argv = ['--multicast', '239.255.69.0', '--workers', '1', 'eth0', site.root.path];
    site.server = host.start([process.execPath, program, ...argv]);
    await waitForPorts(site.server, [69]);
    site.capture = await startCapture(site.lab, 'lan');
  });
  afterAll(async () => {
    await site.capture.stop();
    await site.lab.close();
    await site.root.delete();
  });

  async function get(client: Host): Promise<string> {
    const to = join(site.lab.folder, `got-${client.netns}`);
    const options = ['--option', 'multicast', '--option', 'blksize 1428'] as const;
    await client.must(['atftp', ...options, '-g', '-r', 'boot', '-l', to, SERVER], { timeoutMs: 60_000 });
    return hashOf(to);
  }

  test('four clients have the file, and the blocks went over the cable far less than four times', async () => {
    const hashes = await Promise.all(site.clients.map(get));
    expect(new Set(hashes)).toEqual(new Set([await site.root.hash('boot')]));
    const rows = await site.capture.read('udp.dstport == 1758 && ip.dst == 239.255.69.0', ['frame.len']);
    const octets = rows.reduce((sum, row) => sum + Number(row['frame.len']), 0);
    console.log(`four clients of ${SIZE} octets: ${octets} octets of frames by multicast`);
    expect(octets).toBeGreaterThan(SIZE);
    expect(octets).toBeLessThan(2.5 * SIZE);
    const oacks = await site.capture.read('tftp.opcode == 6', ['tftp.option.value']);
    expect(oacks.length).toBeGreaterThanOrEqual(4);
  });
});
