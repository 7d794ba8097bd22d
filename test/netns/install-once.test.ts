import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { pxedCommand, waitForPorts } from '../rig/server.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const READY_MS = 30_000;
const TOLD_MS = 20_000;
/** More than what a pipe holds: whoever takes its first part alone does not get it all. */
const INITRD_BYTES = 4 * 1024 * 1024;

ring('installing once, with proof', [namespaces, command('curl', 'curl')], () => {
  let lab: Lab;
  let server: Host;
  let machine: Host;
  let other: Host;
  let root: BootRoot;
  let state: string;
  let pxed: Running;

  beforeAll(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: `${SERVER}/24` });
    machine = await lab.host('machine', { address: '192.168.77.11/24' });
    other = await lab.host('other', { address: '192.168.77.12/24' });
    state = mkdtempSync(join(tmpdir(), 'pxed-once-'));
    chmodSync(state, 0o755); // pxed will be nobody
    root = await createEmptyRoot();
    await root.write('pxelinux.0', 'the loader');
    await root.write('linux', 'the kernel');
    await root.write('initrd.gz', 'i'.repeat(INITRD_BYTES));
    await root.write('Kickstart_end', '');
    await root.write(
      'pxed.yaml',
      `version: 1
profiles:
  install: { kernel: linux, initrd: initrd.gz, once: until-fetched }
  report: { kernel: linux, initrd: initrd.gz, once: until-reported }
hosts:
  - { mac: "${await machine.mac()}", profile: install }
  - { mac: "${await other.mac()}", profile: report }
`,
    );
    await start();
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
    rmSync(state, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const options = ['--config', join(root.path, 'pxed.yaml'), '--state', join(state, 'pxed'), '-v'];
    pxed = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', options }));
    await waitForPorts(pxed, [67, 69]);
    await pxed.waitFor(/pxed ready/, READY_MS);
  }

  /** The power of the server is cut. */
  async function kill(): Promise<void> {
    pxed.signal('SIGKILL');
    await pxed.exited;
  }

  const get = (host: Host, url: string) => host.must(['curl', '-sSf', '-o', '/dev/null', url]);
  const tftp = (host: Host, name: string) => get(host, `tftp://${SERVER}/${name}`);
  const http = (host: Host, name: string) => get(host, `http://${SERVER}/${name}`);
  const half = (host: Host, url: string) =>
    host.must(['sh', '-c', 'curl -sS "$0" 2>/dev/null | head -c 1000 > /dev/null', url]);

  /** A boot begins: what is this machine told? */
  async function offered(host: Host): Promise<'installer' | 'disk'> {
    const text = await host.must(['curl', '-sS', `tftp://${SERVER}/pxelinux.cfg/default`]);
    return /localboot/i.test(text) ? 'disk' : 'installer';
  }

  test('half an initrd is no proof, over neither protocol, in one boot or in two', async () => {
    expect(await offered(machine)).toBe('installer');
    await tftp(machine, 'linux');
    await half(machine, `tftp://${SERVER}/initrd.gz`);
    await pxed.waitFor(/tftp\.failed.*initrd\.gz/, TOLD_MS);
    await half(machine, `http://${SERVER}/initrd.gz`);
    await pxed.waitFor(/http\.failed.*initrd\.gz/, TOLD_MS);
    await machine.must(['curl', '-sSf', '-r', '1-', '-o', '/dev/null', `http://${SERVER}/initrd.gz`]);
    expect(await offered(machine)).toBe('installer');
    await tftp(machine, 'initrd.gz');
    await pxed.waitFor(/boot\.progress.*initrd\.gz/, TOLD_MS);
    expect(await offered(machine)).toBe('installer');
  });

  test('kernel and initrd are, one by each protocol, over a restart between them and after them', async () => {
    expect(await offered(machine)).toBe('installer');
    await tftp(machine, 'linux');
    await pxed.waitFor(/(?:boot\.progress.*"linux"[\s\S]*){2}/, TOLD_MS); // the first was in the boot above
    await kill();
    await start();
    await http(machine, 'initrd.gz');
    await pxed.waitFor(/boot\.installed/, TOLD_MS);
    await kill();
    await start();
    expect(await offered(machine)).toBe('disk');
    expect(await offered(other)).toBe('installer');
  });

  test('the done file is the word of who fetches it', async () => {
    expect(await offered(other)).toBe('installer');
    for (const name of ['linux', 'initrd.gz']) await tftp(other, name);
    await pxed.waitFor(/boot\.progress.*"fetched":2,"of":2/, TOLD_MS);
    expect(await offered(other)).toBe('installer');
    await tftp(other, 'Kickstart_end');
    await pxed.waitFor(/boot\.installed.*reported/, TOLD_MS);
    expect(await offered(other)).toBe('disk');
    await pxed.stop();
    await start();
    expect(await offered(other)).toBe('disk');
    expect(await offered(machine)).toBe('disk');
  });

  test('links of the HOWTO lead to the disk, without profiles, by a fetched and by a posted word', async () => {
    await root.write('pxelinux.cfg/default', 'LOCALBOOT 0');
    await root.write('pxelinux.cfg/default.install', 'KERNEL linux');
    for (const name of ['C0A84D0B', 'C0A84D0C', 'C0A84D0D']) {
      await root.link(`pxelinux.cfg/${name}`, 'default.install');
    }
    await root.write('pxed.yaml', 'version: 1\nboot: { relink: true }\n');
    await pxed.stop();
    const options = ['--config', join(root.path, 'pxed.yaml'), '--user', 'root', '-v'];
    pxed = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', options }));
    await waitForPorts(pxed, [67, 69]);
    await pxed.waitFor(/pxed ready/, READY_MS);
    await tftp(machine, 'Kickstart_end');
    await pxed.waitFor(/boot\.relinked.*C0A84D0B/, TOLD_MS);
    await other.must(['curl', '-sSf', '-X', 'POST', `http://${SERVER}/Kickstart_end`]);
    await pxed.waitFor(/boot\.relinked.*C0A84D0C/, TOLD_MS);
    const links = ['C0A84D0B', 'C0A84D0C', 'C0A84D0D'].map((name) =>
      readlink(join(root.path, 'pxelinux.cfg', name)),
    );
    expect(await Promise.all(links)).toEqual(['default', 'default', 'default.install']);
  });
});
