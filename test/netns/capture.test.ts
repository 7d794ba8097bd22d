import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Captures } from '../../src/server/control/capture-routes.ts';
import { type ControlSocket, createControlSocket } from '../rig/control.ts';
import { PROJECT } from '../rig/server.ts';
import { createTftpRoot, type TftpRoot } from '../rig/tftp-root.ts';
import {
  command,
  createLab,
  type Host,
  type Lab,
  must,
  namespaces,
  type Running,
  ring,
  start,
  startServer,
} from './harness.ts';

/** Reads the beginning of a file, and then has no room for more of it. */
const GIVES_UP = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (data, { address, port }) => {
  if (data[1] === 3) socket.send(Buffer.from('\\0\\x05\\0\\x03disk full\\0'), port, address, () => socket.close());
});
socket.send(Buffer.from('\\0\\x01big\\0octet\\0'), 69, '192.168.77.1');
`;

ring(
  'pxectl capture and replay',
  [namespaces, command('udhcpc', 'udhcpc'), command('curl', 'curl'), command('tshark', 'tshark')],
  () => {
    let lab: Lab;
    let root: TftpRoot;
    let host: Host;
    let client: Host;
    let mac: string;
    let control: ControlSocket;
    let state: string;
    let server: Running;

    beforeAll(async () => {
      lab = await createLab();
      root = await createTftpRoot();
      await root.fill('pxelinux.0', 42_430);
      await root.fill('big', 1_000_000);
      state = await mkdtemp(join(tmpdir(), 'pxed-capture-'));
      control = createControlSocket();
      host = await lab.host('server', { address: '192.168.77.1/24' });
      client = await lab.host('client');
      mac = await client.mac();
      const options = ['--state', state, ...control.options];
      server = await startServer(
        host,
        { root: root.path, bootFile: 'pxelinux.0', answerAll: true, options },
        'pxed',
      );
      await client.must(['udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-s', '/bin/true'], { timeoutMs: 60_000 });
      await client.must(['ip', 'address', 'add', '192.168.77.150/24', 'dev', 'eth0']);
      await client.run(['curl', '-s', '-o', '/dev/null', 'tftp://192.168.77.1/pxelinux.0'], {
        timeoutMs: 60_000,
      });
      await client.run(['curl', '-s', '-o', '/dev/null', 'tftp://192.168.77.1/none'], { timeoutMs: 60_000 });
    });
    afterAll(async () => {
      await server?.stop(10_000);
      await lab.close();
      await root.delete();
      control.delete();
      await rm(state, { recursive: true, force: true });
    });

    async function read(path: string, filter: string): Promise<string[]> {
      const fields = ['-T', 'fields', '-e', '_ws.col.Info'];
      const text = await must(['tshark', '-r', path, '-Y', filter, ...fields], { timeoutMs: 60_000 });
      return text.split('\n').filter((line) => line !== '');
    }

    test('shows what a machine and pxed said to one another, both sides of it, in order', async () => {
      const { stdout, code } = await control.pxectl('capture', mac);
      expect(code).toBe(0);
      const words = stdout
        .trim()
        .split('\n')
        .map((line) => line.split('  ')[2]);
      const order = [
        'DISCOVER of',
        'OFFER',
        'REQUEST of',
        'ACK',
        'GET pxelinux.0',
        'OACK',
        'GET none',
        'ERROR 1',
      ];
      const found = order.map((begin) => words.findIndex((word) => word?.startsWith(begin)));
      expect(
        found.every((at) => at >= 0),
        stdout,
      ).toBe(true);
      expect([...found].sort((a, b) => a - b)).toEqual(found);
      // Thirty blocks of a file are not what anybody wants to look at.
      expect(words.filter((word) => word?.startsWith('DATA')).length).toBeLessThanOrEqual(2);
    });

    test('writes a file that Wireshark reads, and that replay answers as pxed did', async () => {
      const path = join(lab.folder, 'machine.pcap');
      expect(await control.pxectl('capture', mac, '-w', path)).toMatchObject({ code: 0, stderr: '' });
      expect((await read(path, 'dhcp')).length).toBeGreaterThanOrEqual(4);
      expect(await read(path, 'tftp.opcode == 5')).toEqual([
        expect.stringContaining('Message: File not found'),
      ]);
      expect(await read(path, '_ws.malformed')).toEqual([]);
      const pxectl = [process.execPath, join(PROJECT, 'bin/pxectl.ts')] as const;
      const names = [
        '--interface',
        'eth0',
        root.path,
        '--boot-file',
        'pxelinux.0',
        '--mode',
        'dhcp',
        '-a',
        '--state',
        'memory',
      ];
      const { stdout } = await host.run([...pxectl, 'replay', path, ...names, '--json'], {
        timeoutMs: 60_000,
      });
      const { steps } = JSON.parse(stdout) as { steps: { asked: string; differs?: string[] }[] };
      expect(steps.map(({ asked }) => asked)).toEqual(
        expect.arrayContaining(['DISCOVER', 'REQUEST', 'GET pxelinux.0', 'GET none']),
      );
      expect(
        steps.filter(({ differs }) => differs && differs.length > 0),
        stdout,
      ).toEqual([]);
    });

    test('goes on with what comes', async () => {
      const path = join(lab.folder, 'live.pcap');
      const argv = [
        process.execPath,
        join(PROJECT, 'bin/pxectl.ts'),
        'capture',
        mac,
        '--follow',
        '--socket',
        control.path,
      ];
      const following = start([argv[0]!, ...argv.slice(1)]);
      await following.waitFor(/GET none/, 30_000);
      const writing = start([argv[0]!, ...argv.slice(1), '-w', path]);
      await client.run(['curl', '-s', '-o', '/dev/null', 'tftp://192.168.77.1/later'], { timeoutMs: 60_000 });
      await following.waitFor(/GET later/, 30_000);
      await expect
        .poll(() => read(path, 'tftp.source_file == "later"').catch(() => []), { timeout: 30_000 })
        .not.toEqual([]);
      for (const one of [following, writing]) one.signal('SIGINT');
      expect(await Promise.all([following.exited, writing.exited])).toEqual([0, 0]);
    });

    test('keeps the packets of a boot that failed, over a restart of pxed', async () => {
      await client.must([process.execPath, '-e', GIVES_UP]);
      const kept = async () => {
        const { stdout } = await control.pxectl('capture', '--json');
        return (JSON.parse(stdout) as Captures).kept;
      };
      await expect.poll(kept, { timeout: 60_000, interval: 500 }).toMatchObject([{ machine: mac }]);
      await server.stop(10_000);
      const options = ['--state', state, ...control.options];
      server = await startServer(
        host,
        { root: root.path, bootFile: 'pxelinux.0', answerAll: true, options },
        'pxed',
      );
      const path = join(lab.folder, 'failed.pcap');
      expect(await control.pxectl('capture', mac, '--failed', '-w', path)).toMatchObject({ code: 0 });
      expect(await read(path, 'tftp.error.message contains "disk full"')).toHaveLength(1);
      expect(await control.pxectl('capture', '52:54:00:00:00:99')).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('no packets of 52:54:00:00:00:99'),
      });
    });
  },
);
