import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const WORKERS = 3;
const MACHINES = 24;
const SOON = { timeout: 5000 };
const addressOf = (machine: number): string => `192.168.77.${100 + machine}`;

/** Sockets on UDP port 69 of the process's namespace. */
async function listeners(pid: number): Promise<number> {
  const table = await readFile(`/proc/${pid}/net/udp`, 'utf8');
  return table.split('\n').filter((line) => /^\s*\d+: [0-9A-F]{8}:0045 /.test(line)).length;
}

ring('several TFTP workers', [namespaces, command('curl', 'curl')], () => {
  let lab: Lab;
  let root: TftpRoot;
  let server: Host;
  let client: Host;
  let running: Running;

  beforeAll(async () => {
    lab = await createLab();
    root = await createTftpRoot();
    await root.fill('f1m', 1_000_000);
    await mkdir(join(root.path, 'pxelinux.cfg'), { mode: 0o755 });
    await root.fill('pxelinux.cfg/default', 100);
    server = await lab.host('server', { address: '192.168.77.1/24' });
    client = await lab.host('client');
    for (let machine = 0; machine < MACHINES; machine++)
      await client.must(['ip', 'address', 'add', `${addressOf(machine)}/24`, 'dev', 'eth0']);
    const program = join(PROJECT, 'bin/ptftpd.ts');
    const options = ['--workers', String(WORKERS), '--log-format', 'json', '-v', 'eth0', root.path];
    running = server.start([process.execPath, program, ...options]);
    await waitForPorts(running, [69]);
    await running.waitFor(/ptftpd ready/, 30_000);
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  type Line = Record<string, unknown>;
  const events = (): Line[] =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const get = (machine: number, file: string, to = '/dev/null') =>
    client.run([
      'curl',
      '-sS',
      '-m',
      '30',
      '--interface',
      addressOf(machine),
      '-o',
      to,
      `tftp://192.168.77.1/${file}`,
    ]);

  test('share the port, and each is told ready', async () => {
    expect(await listeners(running.pid)).toBe(WORKERS);
    const ready = events().flatMap(({ type, service }) => (type === 'service.ready' ? [service] : []));
    expect(ready.sort()).toEqual(['ptftpd', 'tftp 1', 'tftp 2', 'tftp 3']);
  });

  test('serve many machines at once, byte for byte, and tell of each', async () => {
    const fetched = Array.from({ length: MACHINES }, async (_, machine) => {
      const to = join(lab.folder, `f1m-${machine}`);
      expect(await get(machine, 'f1m', to)).toMatchObject({ code: 0 });
      return hashOf(to);
    });
    expect(new Set(await Promise.all(fetched))).toEqual(new Set([await root.hash('f1m')]));
    const done = () => events().filter(({ type, file }) => type === 'tftp.done' && file === 'f1m');
    await expect.poll(() => done().length, SOON).toBe(MACHINES);
  });

  test('see a loader’s whole search for its configuration, though every name comes from another port', async () => {
    // PXELINUX asks each name from a port of its own; a worker that saw some of them only could not tell of the search.
    for (let machine = 0; machine < 6; machine++) {
      const names = ['01-52-54-00-12-34-56', 'C0A84D64', 'C0A84D6', 'default'].map(
        (name) => `pxelinux.cfg/${name}`,
      );
      for (const name of names) await get(machine, name);
      const told = () =>
        events().filter(({ type, peer }) => type === 'tftp.config' && peer === addressOf(machine));
      await expect.poll(told, SOON).toMatchObject([{ winner: 'pxelinux.cfg/default', tried: names }]);
    }
  });

  test('refuse the port to a second server of several workers', async () => {
    const program = join(PROJECT, 'bin/ptftpd.ts');
    const second = await server.run([process.execPath, program, '--workers', '2', 'eth0', root.path]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/Cannot listen on UDP port 69: in use/);
  });

  test('stop when asked', async () => {
    process.kill(running.pid, 'SIGTERM');
    expect(await running.exited).toBe(0);
    const stopped = events().flatMap(({ type, service }) => (type === 'service.stopped' ? [service] : []));
    expect(stopped.sort()).toEqual(['tftp 1', 'tftp 2', 'tftp 3']);
  });
});
