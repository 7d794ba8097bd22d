import { readFileSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { PROJECT, pxedCommand, waitForPorts } from '../rig/server.ts';
import { command, createLab, type Lab, namespaces, ring } from './harness.ts';

const WAIT_MS = 30_000;

/** The script of pxelinux-samples/README.md, with this test's tree and server. */
function readmeScript(root: string): string {
  const readme = readFileSync(join(PROJECT, 'pxelinux-samples/README.md'), 'utf8');
  const [block = ''] = /(?: {4}.*\n)*.*Kickstart_end\*\)(?:.*\n {4}.*)*/.exec(readme) ?? [];
  const pxed = pxedCommand({ root, bootFile: 'pxelinux.0' }).map((word) => `'${word}'`);
  return block
    .replace('pxed eth0 /tftp pxelinux.0', pxed.join(' '))
    .replaceAll('/tftp/pxelinux.cfg', join(root, 'pxelinux.cfg'));
}

ring('installing once', [namespaces, command('curl', 'curl'), command('tcpdump', 'tcpdump')], () => {
  let lab: Lab;
  let root: BootRoot;
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  test('the README’s script points a client that fetched Kickstart_end back to its disk', async () => {
    lab = await createLab();
    root = await createEmptyRoot();
    await root.overlay(join(PROJECT, 'pxelinux-samples/install'));
    await root.write('pxelinux.0', 'the loader');
    await root.link('pxelinux.cfg/C0A84D0B', 'default.install-fedora');
    await root.link('pxelinux.cfg/C0A84D0C', 'default.install-fedora');
    const server = await lab.host('server', { address: '192.168.77.1/24' });
    const script = readmeScript(root.path);
    expect(script).toContain('done');
    const running = server.start(['sh', '-c', script]);
    await waitForPorts(running, [67, 69]);

    const client = await lab.host('client', { address: '192.168.77.11/24' });
    await client.must(['curl', '-sS', '-o', '/dev/null', 'tftp://192.168.77.1/pxelinux.0']);
    await client.must(['curl', '-sS', '-o', '/dev/null', 'tftp://192.168.77.1/Kickstart_end']);
    await running.waitFor(/192\.168\.77\.11 is installed: C0A84D0B starts from disk/, WAIT_MS);
    expect(await readlink(join(root.path, 'pxelinux.cfg/C0A84D0B'))).toBe('default');
    expect(await readlink(join(root.path, 'pxelinux.cfg/C0A84D0C'))).toBe('default.install-fedora');
    const config = await client.must(['curl', '-sS', 'tftp://192.168.77.1/pxelinux.cfg/C0A84D0B']);
    expect(config).toContain('LOCALBOOT');
  });
});
