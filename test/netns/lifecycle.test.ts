import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLab, type Host, type Lab } from '../rig/lab.ts';
import type { Command, Finished, Running } from '../rig/process.ts';
import { command, namespaces, ring } from '../rig/requirement.ts';
import { PROJECT } from '../rig/server.ts';

type Tool = 'pxed' | 'dhcpd' | 'bootpd' | 'ptftpd';
const READY_MS = 20_000;

function commandOf(tool: Tool, ...args: string[]): Command {
  return [process.execPath, join(PROJECT, `bin/${tool}.ts`), ...args];
}

ring('a pxed process', [namespaces, command('curl', 'curl'), command('udhcpc', 'udhcpc')], () => {
  let lab: Lab;
  let server: Host;
  let client: Host;
  let root: string;
  let running: Running | undefined;

  beforeAll(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: '192.168.77.1/24' });
    client = await lab.host('client', { address: '192.168.77.9/24' });
    root = await mkdtemp(join(tmpdir(), 'pxed-lifecycle-'));
    await chmod(root, 0o755);
    await writeFile(join(root, 'pxelinux.0'), 'a boot file');
    await writeFile(join(root, 'big'), new Uint8Array(10_000_000));
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  afterAll(async () => {
    await lab.close();
    await rm(root, { recursive: true, force: true });
  });

  function refused(tool: Tool, ...args: string[]): Promise<Finished> {
    return server.run(commandOf(tool, ...args));
  }

  async function serve(tool: Tool, ...args: string[]): Promise<Running> {
    // Nobody else is here: nothing to wait for.
    const mode = tool === 'pxed' ? ['--mode', 'dhcp'] : [];
    running = server.start(commandOf(tool, ...args, ...mode, '--log-format', 'json'));
    await running.waitFor(new RegExp(`"service":"${tool}","msg":"${tool} ready"`), READY_MS);
    return running;
  }

  function fetch(file: string, ...options: string[]): Promise<Finished> {
    return client.run(['curl', '-s', '-m', '20', ...options, `tftp://192.168.77.1/${file}`], {
      timeoutMs: 30_000,
    });
  }

  test('says that an interface does not exist, and which do', async () => {
    const { code, stderr } = await refused('pxed', 'eth7', root, 'pxelinux.0');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^pxed: Cannot serve on eth7: no such interface\n.*Did you mean eth0\?.*eth0 \(192\.168\.77\.1\/24\)/,
    );
  });

  test('says that an interface has no IPv4 address, and how to give it one', async () => {
    await server.plug('bare0');
    const { code, stderr } = await refused('pxed', 'bare0', root, 'pxelinux.0');
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot serve on bare0: it has no IPv4 address');
    expect(stderr).toContain('ip address add');
  });

  test('says that an interface is down', async () => {
    await server.plug('down0', { address: '192.168.78.1/24' });
    await server.must(['ip', 'link', 'set', 'down0', 'down']);
    const { code, stderr } = await refused('pxed', 'down0', root, 'pxelinux.0');
    expect(code).toBe(1);
    expect(stderr).toContain('ip link set down0 up');
  });

  test('says who holds a port it needs', async () => {
    const first = await serve('ptftpd', 'eth0', root);
    const { code, stderr } = await refused('ptftpd', 'eth0', root);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot listen on UDP port 69: in use by .*, pid \d+/);
    expect(first.pid).toBeGreaterThan(0);
  });

  test('without root, says which capability is missing and how to grant it', async () => {
    const { code, stderr } = await server.run([
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      ...commandOf('pxed', 'eth0', root, 'pxelinux.0'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not permitted \(bind needs CAP_NET_BIND_SERVICE\)/);
    expect(stderr).toContain('setcap cap_net_bind_service,cap_net_raw=ep');
  });

  test('says that the root or the boot file is missing, with names that come near', async () => {
    const missingRoot = await refused('pxed', 'eth0', `${root}x`, 'pxelinux.0');
    expect(missingRoot.code).toBe(1);
    expect(missingRoot.stderr).toContain(`Did you mean ${root}?`);
    const missingFile = await refused('pxed', 'eth0', root, 'pxelinus.0');
    expect(missingFile.code).toBe(1);
    expect(missingFile.stderr).toContain('Did you mean pxelinux.0?');
  });

  test('ends with 2 for a mistake on the command line or in the configuration', async () => {
    expect((await refused('pxed')).code).toBe(2);
    expect((await refused('pxed', 'eth0', root, 'pxelinux.0', '--nosuch')).code).toBe(2);
    await writeFile(join(root, 'bad.yaml'), 'version: 1\nmode: both\nnosuch: 1\n');
    const { code, stderr } = await refused('pxed', '-c', join(root, 'bad.yaml'), 'eth0', root);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:2: mode: .*\n.*bad\.yaml:3: nosuch: no such key/);
  });

  test('gives root up in every thread, with no capability and no way back', async () => {
    const { pid } = await serve('pxed', 'eth0', root, 'pxelinux.0');
    expect((await fetch('pxelinux.0')).stdout).toBe('a boot file'); // the worker thread is there
    const threads = await readdir(`/proc/${pid}/task`);
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) {
      const status = await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
      expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
      expect(status).toMatch(/^Groups:\t65534 *$/m);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
        expect(status).toMatch(new RegExp(`^${set}:\t0+$`, 'm'));
    }
    // Those that run code of ours: the main thread and the TFTP worker, which is the newest but koffi's own.
    const confined = await Promise.all(
      threads.map(async (thread) =>
        /^NoNewPrivs:\t1$/m.test(await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8')),
      ),
    );
    expect(confined[0]).toBe(true);
    expect(confined.filter((yes) => yes).length).toBeGreaterThan(1);
  });

  test('serves from a checkout that only root can reach', async () => {
    const home = await mkdtemp(join(tmpdir(), 'pxed-home-')); // mode 0700, as a home folder
    await server.must([
      'cp',
      '-r',
      ...['bin', 'src', 'package.json'].map((name) => join(PROJECT, name)),
      home,
    ]);
    await server.must(['cp', '-r', join(PROJECT, 'node_modules'), home], { timeoutMs: 60_000 });
    try {
      running = server.start([process.execPath, join(home, 'bin/pxed.ts'), 'eth0', root, 'pxelinux.0']);
      await running.waitFor(/pxed ready/, READY_MS);
      expect((await fetch('pxelinux.0')).stdout).toBe('a boot file');
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test('says that the root is out of its user’s reach', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'pxed-closed-')); // mode 0700
    const { code, stderr } = await refused('ptftpd', 'eth0', closed);
    await rm(closed, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot serve ${closed}: nobody, whom pxed became, cannot reach it`);
  });

  test('stays root when told to', async () => {
    const { pid } = await serve('ptftpd', 'eth0', root, '--user', 'root');
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t0\t0\t0\t0$/m);
  });

  test('warns of files that its user cannot read', async () => {
    await mkdir(join(root, 'secret'));
    await writeFile(join(root, 'secret/vmlinuz'), '');
    await chmod(join(root, 'secret/vmlinuz'), 0o600);
    try {
      const { output } = await serve('ptftpd', 'eth0', root);
      expect(output()).toContain('nobody cannot read secret/vmlinuz in');
      expect(output()).toContain('chmod -R a+rX');
    } finally {
      await rm(join(root, 'secret'), { recursive: true });
    }
  });

  test('reloads on SIGHUP: a mistake changes nothing and is named, a good file takes effect', async () => {
    const file = join(root, 'pxed.yaml');
    const write = (tftp: string) =>
      writeFile(file, `version: 1\ninterfaces: [eth0]\ntftp:\n  root: ${root}\n  ${tftp}\n`);
    await write('writes: "off"');
    const pxed = await serve('pxed', '-c', file);
    const put = () =>
      client.run(['curl', '-s', '-m', '5', '-T', '/etc/hostname', 'tftp://192.168.77.1/upload'], {
        timeoutMs: 20_000,
      });
    expect((await put()).code).not.toBe(0);

    await write('writes: maybe');
    pxed.signal('SIGHUP');
    await pxed.waitFor(/pxed\.yaml:5: tftp\.writes: .*the configuration was not changed/s, 5000);

    await write('port: 6969');
    pxed.signal('SIGHUP');
    await pxed.waitFor(/tftp\.port can only change with a restart/, 5000);
    expect((await fetch('pxelinux.0')).stdout).toBe('a boot file');

    await chmod(root, 0o777);
    await write('writes: create');
    pxed.signal('SIGHUP');
    await pxed.waitFor(/the new configuration is in force/, 5000);
    expect((await put()).code).toBe(0);
    expect(await readFile(join(root, 'upload'), 'utf8')).toBe(await readFile('/etc/hostname', 'utf8'));
    await chmod(root, 0o755);
  });

  test('on SIGHUP takes up the interface’s new address, and says when the interface itself is a new one', async () => {
    await server.plug('usb0', { address: '192.168.79.1/24' });
    const pxed = await serve('dhcpd', 'usb0', 'pxelinux.0', '-a');
    await server.must(['ip', 'address', 'flush', 'dev', 'usb0']);
    await server.must(['ip', 'address', 'add', '192.168.80.1/24', 'dev', 'usb0']);
    pxed.signal('SIGHUP');
    await pxed.waitFor(/the new configuration is in force/, 5000);
    const asked = await client.run(['udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-s', '/bin/true']);
    expect(`${asked.stdout}${asked.stderr}`).toMatch(
      /lease of 192\.168\.80\.\d+ obtained from 192\.168\.80\.1/,
    );

    await server.must(['ip', 'link', 'delete', 'usb0']);
    await server.plug('usb0', { address: '192.168.79.1/24' });
    pxed.signal('SIGHUP');
    await pxed.waitFor(/usb0: it was removed and made anew.*restart/, 5000);
    await server.must(['ip', 'link', 'delete', 'usb0']);
  });

  test('on SIGTERM finishes what clients are fetching, and ends with 0', async () => {
    const pxed = await serve('pxed', 'eth0', root, 'pxelinux.0', '-v');
    const transfer = fetch('big', '-o', join(lab.folder, 'big'), '--limit-rate', '20M');
    await pxed.waitFor(/tftp\.started/, 10_000);
    pxed.signal('SIGTERM');
    expect((await transfer).code).toBe(0);
    expect((await readFile(join(lab.folder, 'big'))).length).toBe(10_000_000);
    expect(await pxed.exited).toBe(0);
    running = undefined;
  });

  test('writes JSON lines to a pipe, and the banner says what is served', async () => {
    const { output } = await serve('pxed', 'eth0', root, 'pxelinux.0');
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const banner = lines.find(({ type }) => type === 'service.started');
    expect(banner.facts).toMatchObject({
      interface: 'eth0 (192.168.77.1/24), MTU 1500',
      TFTP: `${root}, port 69, read only`,
      BIOS: expect.stringContaining('pxelinux.0'),
      'runs as': 'nobody:nogroup',
    });
    expect(banner.facts.DHCP).toContain('192.168.77.0/24');
  });

  test('the pieces serve together: bootpd or dhcpd beside ptftpd', async () => {
    const tftp = server.start(commandOf('ptftpd', 'eth0', root));
    await tftp.waitFor(/ptftpd ready/, READY_MS);
    await serve('dhcpd', 'eth0', 'pxelinux.0');
    expect((await fetch('pxelinux.0')).stdout).toBe('a boot file');
    await running?.stop();
    await serve('bootpd', 'eth0', 'pxelinux.0');
    await tftp.stop();
  });

  test('the older form of ptftpd serves a root on a port, on every interface', async () => {
    await serve('ptftpd', '-p', '6969', root);
    const { stdout } = await client.run(['curl', '-s', '-m', '5', 'tftp://192.168.77.1:6969/pxelinux.0']);
    expect(stdout).toBe('a boot file');
  });
});
