import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { PROJECT, pxedCommand } from '../rig/server.ts';
import {
  command,
  createLab,
  type Host,
  type Lab,
  must,
  namespaces,
  type Running,
  ring,
  startCapture,
} from './harness.ts';

const NEEDS = [
  namespaces,
  command('udhcpc', 'udhcpc'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
  command('mount', 'mount'),
];

ring('where pxed keeps its leases', NEEDS, () => {
  let lab: Lab;
  let server: Host;
  let client: Host;
  let root: BootRoot;
  let folder: string;
  let running: Running | undefined;

  beforeAll(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: '192.168.77.1/24' });
    client = await lab.host('client');
    root = await createEmptyRoot();
    await root.write('pxelinux.0', 'the loader');
    folder = mkdtempSync(join(tmpdir(), 'pxed-disk-'));
    chmodSync(folder, 0o755); // pxed will be nobody
    await must(['mount', '-t', 'tmpfs', '-o', 'size=2m,mode=755', 'none', folder]);
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  afterAll(async () => {
    await lab.close();
    await must(['umount', folder]);
    rmSync(folder, { recursive: true, force: true });
    await root.delete();
  });

  function commandOf(state: string): ReturnType<typeof pxedCommand> {
    const options = ['--no-conflict-probe', '--state', state, '--log-format', 'json'];
    return pxedCommand({ root: root.path, bootFile: 'pxelinux.0', answerAll: true, options });
  }

  async function start(state: string): Promise<Running> {
    running = server.start(commandOf(state));
    await running.waitFor(/"msg":"pxed ready"/, 30_000);
    return running;
  }

  /** The address udhcpc got, if it got one within three tries of a second. */
  async function lease(): Promise<string | undefined> {
    const { stdout, stderr } = await client.run([
      'udhcpc',
      '-f',
      '-q',
      '-n',
      '-t',
      '3',
      '-T',
      '1',
      '-i',
      'eth0',
      '-s',
      '/bin/true',
    ]);
    return /lease of (\S+) obtained/.exec(stdout + stderr)?.[1];
  }

  test('a full disk: no ACK leaves, the log says why, and service resumes when there is room', async () => {
    const pxed = await start(join(folder, 'state'));
    const capture = await startCapture(lab, 'full');
    await server.run(['dd', 'if=/dev/zero', `of=${join(folder, 'ballast')}`, 'bs=4096']);
    expect(await lease()).toBeUndefined();
    const warning =
      /"problem":"leases-not-saved","detail":"\d+ replies were not sent: .*leases\.db: the disk is full/;
    await pxed.waitFor(warning, 5_000);
    // Started anew it is no better off, and no worse.
    await pxed.stop();
    const again = await start(join(folder, 'state'));
    expect(await lease()).toBeUndefined();
    await again.waitFor(warning, 5_000);
    rmSync(join(folder, 'ballast'));
    const address = await lease();
    expect(address).toMatch(/^192\.168\.77\./);
    await again.waitFor(/leases are saved again; \d+ replies were not sent meanwhile/, 5_000);
    await capture.stop();
    const answers = await capture.read('udp.srcport == 67', ['dhcp.option.dhcp', 'dhcp.ip.your']);
    const acks = answers.filter((one) => one['dhcp.option.dhcp'] === '5');
    expect(answers.length).toBeGreaterThan(1);
    expect(acks.map((one) => one['dhcp.ip.your'])).toEqual([address]);
  });

  test('a restart finds the lease; the files are those of the user pxed became', async () => {
    const state = join(folder, 'state');
    const first = await start(state);
    const address = await lease();
    expect(address).toBeDefined();
    first.signal('SIGKILL');
    await first.exited;
    const second = await start(state);
    expect(second.output()).toContain(`1 in ${state}/leases.db`);
    expect(await lease()).toBe(address);
    for (const path of [state, join(state, 'leases.db')]) expect(statSync(path).uid).toBe(65_534);
    await second.stop();
    const db = new DatabaseSync(join(state, 'leases.db'));
    expect(db.prepare('SELECT DISTINCT ip, state FROM lease').all()).toHaveLength(1);
    db.close();
  });

  test('a second pxed on the same leases is refused, and told who has them', async () => {
    const state = join(folder, 'state');
    const first = await start(state);
    const other = await lab.host('other', { address: '192.168.77.2/24' });
    const { code, stderr } = await other.run(commandOf(state));
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot use the leases in ${state}/leases.db: in use by `);
    expect(stderr).toContain(`pid ${first.pid}`);
    const rescue = await other.run([process.execPath, join(PROJECT, 'bin/pxectl.ts'), 'rescue', state]);
    expect(rescue.code).toBe(1);
    expect(rescue.stderr).toMatch(/Cannot rescue .*leases\.db: in use by .*, pid \d+/);
  });

  test('damaged leases are refused with the command that rescues them, and it does', async () => {
    const state = join(folder, 'state');
    writeFileSync(join(state, 'leases.db'), 'not a database\n'.repeat(300));
    const { code, stderr } = await server.run(commandOf(state));
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot read the leases');
    expect(stderr).toContain(`pxectl rescue ${state}`);
    const rescue = await server.run([process.execPath, join(PROJECT, 'bin/pxectl.ts'), 'rescue', state]);
    expect(rescue.code).toBe(0);
    expect(rescue.stdout).toMatch(
      /saved 0 leases, 0 machines .* the damaged file is kept as .*\.damaged-\d{8}T\d{6}Z/,
    );
    await start(state);
    expect(await lease()).toMatch(/^192\.168\.77\./);
  });

  test('a folder that pxed may not write to when it is no longer root is refused in words', async () => {
    const state = join(folder, 'daemon');
    await must(['install', '-d', '-o', 'daemon', '-m', '755', state]);
    const { code, stderr } = await server.run(commandOf(state));
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot keep leases in ${state}: nobody, whom pxed became, may not write there`);
    expect(stderr).toContain('--state');
  });
});
