import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unitSettings } from '../../src/app/service-unit.ts';
import { PROJECT } from '../rig/server.ts';
import { createTftpRoot, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, namespaces, ring } from './harness.ts';

const UNIT = unitSettings(readFileSync(join(PROJECT, 'config/pxed.service'), 'utf8'));
const CAPABILITIES = UNIT.find(([, key]) => key === 'CapabilityBoundingSet')![2]
  .split(' ')
  .map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);

/** What the unit leaves writable: everything else is read-only, as ProtectSystem=strict has it. */
const FOLDERS =
  'mount -t tmpfs tmpfs /run && mkdir /run/pxed && mount -t tmpfs tmpfs /var/lib && mkdir -m 750 /var/lib/pxed';

ring('config/pxed.service', [namespaces, command('setpriv', 'util-linux'), command('curl', 'curl')], () => {
  let lab: Lab;
  let host: Host;
  let root: TftpRoot;

  beforeAll(async () => {
    lab = await createLab();
    host = await lab.host('server', { address: '192.168.77.1/24' });
    root = await createTftpRoot();
    await root.fill('boot.bin', 42_430);
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  test('pxed starts, serves, keeps its state and answers pxectl with no more than the unit gives it', async () => {
    const pxed = [
      process.execPath,
      join(PROJECT, 'bin/pxed.ts'),
      '--mode',
      'dhcp',
      '--log-format',
      'journal',
    ];
    const bounds = ['setpriv', '--no-new-privs', `--bounding-set=-all,${CAPABILITIES.join(',')}`];
    const line = [...bounds, ...pxed, 'eth0', root.path, 'boot.bin'].map((word) => `'${word}'`).join(' ');
    const script = `${FOLDERS} && mount -o bind,remount,ro / && exec ${line}`;
    const env = { PXED_STATE: '/var/lib/pxed', PXED_SOCKET: '/run/pxed/pxed.sock' };
    const server = host.start(['unshare', '--mount', 'sh', '-c', script], { env });
    await server.waitFor(/^<6>pxed ready$/m, 30_000);
    expect(server.output()).toMatch(/^<6>.*\/var\/lib\/pxed\/leases\.db/m);
    expect(
      server
        .output()
        .split('\n')
        .filter((text) => text !== '' && !/^<[3-7]>/.test(text)),
    ).toEqual([]);
    expect(server.output()).not.toMatch(/^<[34]>/m);

    const client = await lab.host('client', { address: '192.168.77.9/24' });
    const fetch = ['curl', '-sSf', '--max-time', '20', '-o', join(lab.folder, 'got')] as const;
    await client.must([...fetch, 'tftp://192.168.77.1/boot.bin']);
    expect(readFileSync(join(lab.folder, 'got')).length).toBe(42_430);

    const inside = ['nsenter', '--mount', `--target=${server.pid}`] as const;
    const socket = '/run/pxed/pxed.sock';
    const asked = await host.run([
      ...inside,
      process.execPath,
      join(PROJECT, 'bin/pxectl.ts'),
      'capture',
      '--socket',
      socket,
    ]);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^recording/) });
    await server.stop(10_000);
    expect(await server.exited).toBe(0);
  });
});
