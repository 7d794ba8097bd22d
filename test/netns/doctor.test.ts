import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { command, createLab, type Finished, type Host, type Lab, namespaces, ring } from './harness.ts';

type Finding = {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
  readonly fix?: string;
};

ring('pxectl doctor', [namespaces, command('dnsmasq', 'dnsmasq-base'), command('nft', 'nftables')], () => {
  let lab: Lab;
  let host: Host;
  let root: BootRoot;
  const options = ['--mode', 'dhcp', '--socket', '/nowhere/pxed.sock', '--json'];

  beforeAll(async () => {
    lab = await createLab();
    host = await lab.host('server', { address: '192.168.77.1/24' });
    root = await createEmptyRoot();
    await root.write('boot.bin', 'a loader');
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  const doctor = (...args: string[]): readonly [string, ...string[]] => [
    process.execPath,
    join(PROJECT, 'bin/pxectl.ts'),
    'doctor',
    ...args,
  ];

  function findings({ stdout, stderr }: Finished): readonly Finding[] {
    expect(stderr).toBe('');
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  }

  test('finds nothing wrong with a machine that nothing is wrong with', async () => {
    const ran = await host.run(doctor('eth0', root.path, '--quiet', ...options), { timeoutMs: 60_000 });
    const found = findings(ran);
    expect(found.filter(({ severity }) => severity === 'problem')).toEqual([]);
    expect(found.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['interface', 'capabilities', 'ports', 'firewall', 'files']),
    );
    expect(ran.code).toBe(0);
  });

  test('finds who has a port, a rule that drops, another server, a closed file and a full disk, each with its fix', async () => {
    const other = await lab.host('other', { address: '192.168.77.2/24' });
    const plain = [
      '--no-daemon',
      '--conf-file=/dev/null',
      '--port=0',
      '--user=root',
      '--bind-interfaces',
    ] as const;
    const range = ['--interface=eth0', '--dhcp-range=192.168.77.50,192.168.77.60,2m', '--dhcp-authoritative'];
    const server = other.start([
      'dnsmasq',
      ...plain,
      ...range,
      `--dhcp-leasefile=${join(lab.folder, 'leases')}`,
    ]);
    const files = host.start([
      'dnsmasq',
      ...plain,
      '--interface=eth0',
      '--enable-tftp',
      `--tftp-root=${root.path}`,
    ]);
    await waitForPorts(server, [67]);
    await waitForPorts(files, [69]);
    await host.must(['nft', 'add', 'table', 'inet', 'guard']);
    const chain = '{ type filter hook input priority 0; policy accept; }';
    await host.must(['nft', `add chain inet guard input ${chain}`]);
    await host.must(['nft', 'add rule inet guard input iifname "eth0" udp dport { 67, 4011 } counter drop']);
    await root.write('closed', 'nobody reads this');
    await chmod(join(root.path, 'closed'), 0o600);
    const config = join(lab.folder, 'pxed.yaml');
    const state = join(lab.folder, 'state');
    await writeFile(config, `version: 1\nstate: ${state}\nuser: nobody\n`);

    // A disk of a megabyte that only the doctor sees.
    const words = doctor('eth0', root.path, '-c', config, ...options).map((word) => `'${word}'`);
    const script = `mkdir -p ${state} && mount -t tmpfs -o size=1m tmpfs ${state} && exec ${words.join(' ')}`;
    const ran = await host.run(['unshare', '--mount', 'sh', '-c', script], { timeoutMs: 60_000 });
    const found = findings(ran);
    const problems = new Map(
      found.filter(({ severity }) => severity === 'problem').map((finding) => [finding.code, finding]),
    );
    expect(problems.get('port-tftp')).toMatchObject({
      text: expect.stringMatching(/^UDP port 69 is in use by dnsmasq, pid \d+$/),
      fix: expect.stringMatching(/kill \d+/),
    });
    expect(problems.get('firewall-dhcp')).toMatchObject({
      text: expect.stringContaining('nftables: table inet guard, chain input'),
      fix: expect.stringContaining('nft insert rule inet guard input iifname eth0 udp dport 67 accept'),
    });
    expect(problems.get('firewall-pxe')).toBeDefined();
    expect(problems.has('firewall-tftp')).toBe(false);
    expect(problems.get('other-server')).toMatchObject({ text: expect.stringContaining('192.168.77.2') });
    expect(problems.get('unreadable')).toMatchObject({ text: expect.stringContaining('closed') });
    expect(problems.get('disk-full')).toMatchObject({ text: expect.stringContaining(state) });
    expect(ran.code).toBe(1);

    // What it says of nftables is to be true.
    await host.must([
      'nft',
      'insert',
      'rule',
      'inet',
      'guard',
      'input',
      'iifname',
      'eth0',
      'udp',
      'dport',
      '67',
      'accept',
    ]);
    const again = findings(
      await host.run(doctor('eth0', root.path, '--quiet', ...options), { timeoutMs: 60_000 }),
    );
    expect(again.map(({ code }) => code)).not.toContain('firewall-dhcp');
    expect(again.map(({ code }) => code)).toContain('firewall-pxe');
    await host.must(['nft', 'delete', 'table', 'inet', 'guard']);
    await Promise.all([server.stop(), files.stop()]);
  });

  test('finds an interface that is down, and a bridge that lets machines wait', async () => {
    const bridge = await lab.host('bridge');
    await bridge.must([
      'ip',
      'link',
      'add',
      'br0',
      'type',
      'bridge',
      'stp_state',
      '1',
      'forward_delay',
      '1500',
    ]);
    await bridge.must(['ip', 'address', 'add', '10.5.0.1/24', 'dev', 'br0']);
    const run = () => bridge.run(doctor('br0', root.path, '--quiet', ...options), { timeoutMs: 60_000 });
    expect(findings(await run()).map(({ code }) => code)).toContain('interface-down');
    await bridge.must(['ip', 'link', 'set', 'br0', 'up']);
    const found = findings(await run());
    expect(found.find(({ code }) => code === 'bridge-stp')).toMatchObject({
      severity: 'warning',
      text: expect.stringContaining('30 seconds'),
    });
  });
});
