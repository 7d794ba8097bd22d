import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pxedCommand } from '../rig/server.ts';
import { createTftpRoot, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const CLIENT = '192.168.77.50';
const READY_MS = 30_000;

ring('a boot that goes nowhere', [namespaces, command('curl', 'curl')], () => {
  const site = {} as { lab: Lab; root: TftpRoot; client: Host; server: Running };

  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot();
    const at = (path: string) => join(site.root.path, path);
    await writeFile(at('pxelinux.0'), 'PXELINUX 6.04', { mode: 0o644 });
    await writeFile(at('vmlinuz'), 'kernel', { mode: 0o644 });
    await mkdir(at('pxelinux.cfg'));
    await chmod(at('pxelinux.cfg'), 0o755);
    await writeFile(at('pxelinux.cfg/default'), 'KERNEL vmlinuz\nLABEL x\nKERNEL vmlinux\n', { mode: 0o644 });
    await symlink('default.installed', at('pxelinux.cfg/C0A84D32'));
    const host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: `${CLIENT}/24` });
    const options = ['--log-format', 'json', '--no-http'];
    site.server = host.start(pxedCommand({ root: site.root.path, bootFile: 'pxelinux.0', options }));
    await site.server.waitFor(/"msg":"pxed ready"/, READY_MS);
  });
  afterAll(async () => {
    await site.server?.stop();
    await site.lab.close();
    await site.root.delete();
  });

  test('is warned of at start: what lacks, what is named and not there, what leads nowhere', async () => {
    for (const problem of ['missing-companion', 'missing-file', 'dangling-link']) {
      await site.server.waitFor(new RegExp(`"service":"tree","problem":"${problem}"`), READY_MS);
    }
    expect(site.server.output()).toContain('did you mean vmlinuz?');
  });

  test('is told of when a machine takes it for the third time, with the step that never came', async () => {
    const get = (path: string) =>
      site.client.run(['curl', '-s', '-o', '/dev/null', `tftp://${SERVER}/${path}`]);
    for (let round = 0; round < 3; round++) {
      await get('pxelinux.0');
      await get('ldlinux.c32');
    }
    const [line] = await site.server.waitFor(/.*"type":"boot\.loop".*/, READY_MS);
    expect(JSON.parse(line)).toMatchObject({
      peer: CLIENT,
      file: 'pxelinux.0',
      times: 3,
      missing: 'config',
      refused: 'ldlinux.c32',
    });
  });
});
