import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { pxedCommand } from '../rig/server.ts';
import {
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  startCapture,
} from './harness.ts';

const NEEDS = [
  namespaces,
  command('udhcpc', 'udhcpc'),
  command('curl', 'curl'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
];
const READY_MS = 20_000;

/** What udhcpc was told; it runs this at each step. */
const TELL = `#!/bin/sh
[ "$1" = bound ] && echo "told ip=$ip server=$serverid next=$siaddr file=$boot_file router=$router"
exit 0
`;

/** One server on two networks that have nothing else in common. */
const NETWORKS = [
  { segment: 'lan', name: 'eth0', own: '192.168.77.1', prefix: '192.168.77.' },
  { segment: 'desk', name: 'eth1', own: '10.55.0.1', prefix: '10.55.0.' },
] as const;

ring('one pxed on two interfaces', NEEDS, () => {
  let lab: Lab;
  let root: BootRoot;
  let server: Host;
  let clients: Host[];
  let script: string;
  let running: Running | undefined;

  beforeAll(async () => {
    lab = await createLab();
    root = await createEmptyRoot();
    await root.write('pxelinux.0', 'a boot file');
    await lab.segment('desk');
    server = await lab.host('server', { address: '192.168.77.1/24' });
    await server.plug('eth1', { address: '10.55.0.1/24', segment: 'desk' });
    clients = await Promise.all(NETWORKS.map(({ segment }) => lab.host(`client-${segment}`, { segment })));
    script = join(lab.folder, 'tell');
    await writeFile(script, TELL);
    await chmod(script, 0o755);
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  async function serve(...options: string[]): Promise<Running> {
    running = server.start(
      pxedCommand({
        ...{ root: root.path, bootFile: 'pxelinux.0', answerAll: true, interfaceName: 'eth0,eth1' },
        options: ['--workers', '2', '--log-format', 'text', ...options],
      }),
    );
    await running.waitFor(/pxed ready/, READY_MS);
    return running;
  }

  /** What a client on this network is told. */
  async function ask(client: Host): Promise<Record<string, string>> {
    const argv = [
      'udhcpc',
      '-i',
      'eth0',
      '-n',
      '-q',
      '-f',
      '-t',
      '10',
      '-T',
      '1',
      '-O',
      'bootfile',
      '-s',
      script,
    ] as const;
    const told = /told (.*)/.exec(await client.must(argv))![1]!;
    return Object.fromEntries(told.split(' ').map((pair) => pair.split('=') as [string, string]));
  }

  test('is server, router and TFTP server of both, each by its own address; nothing leaks', async () => {
    const pxed = await serve();
    const captures = await Promise.all(
      NETWORKS.map(({ segment }) => startCapture(lab, `seen-${segment}`, segment)),
    );
    for (const [i, { own, prefix }] of NETWORKS.entries()) {
      const client = clients[i]!;
      const told = await ask(client);
      expect(told).toMatchObject({ server: own, next: own, router: own, file: 'pxelinux.0' });
      expect(told.ip).toContain(prefix);
      await client.must(['ip', 'address', 'replace', `${told.ip}/24`, 'dev', 'eth0']);
      const fetched = await client.must(['curl', '-s', '-m', '10', `tftp://${own}/pxelinux.0`]);
      expect(fetched).toBe('a boot file');
    }
    expect(pxed.output()).toContain('eth0 (192.168.77.1/24), MTU 1500; eth1 (10.55.0.1/24), MTU 1500');
    for (const [i, capture] of captures.entries()) {
      await capture.stop();
      const frames = await capture.read('dhcp || tftp', ['eth.src', 'ip.src', 'dhcp.option.dhcp_server_id']);
      const [mine, other] = [NETWORKS[i]!, NETWORKS[1 - i]!];
      const servers = new Set(frames.map((frame) => frame['dhcp.option.dhcp_server_id']).filter(Boolean));
      expect([...servers]).toEqual([mine.own]);
      const strange = await clients[1 - i]!.mac();
      expect(frames.filter((frame) => frame['eth.src'] === strange)).toEqual([]);
      expect(frames.filter((frame) => frame['ip.src']!.startsWith(other.prefix))).toEqual([]);
    }
  });

  test('serves files to many clients of both at once', async () => {
    await root.write('big', 'x'.repeat(3_000_000));
    await serve();
    const fetches = NETWORKS.flatMap(({ own, prefix }, i) =>
      [61, 62, 63].map(async (last) => {
        const client = clients[i]!;
        const address = `${prefix}${last}`;
        await client.must(['ip', 'address', 'replace', `${address}/24`, 'dev', 'eth0']);
        const argv = ['curl', '-s', '-m', '20', '--interface', address, `tftp://${own}/big`] as const;
        return (await client.must(argv)).length;
      }),
    );
    expect(await Promise.all(fetches)).toEqual(new Array(6).fill(3_000_000));
  });

  test('takes up a new address of one of them by itself, and goes on serving the other', async () => {
    const pxed = await serve();
    await server.must(['ip', 'address', 'add', '10.56.0.1/24', 'dev', 'eth1']);
    await server.must(['ip', 'address', 'delete', '10.55.0.1/24', 'dev', 'eth1']);
    try {
      await pxed.waitFor(/eth1 changed: .*10\.55\.0\.1\/24 is gone/, 10_000);
      const told = await ask(clients[1]!);
      expect(told).toMatchObject({ server: '10.56.0.1', next: '10.56.0.1', router: '10.56.0.1' });
      expect(told.ip).toMatch(/^10\.56\.0\./);
      expect(await ask(clients[0]!)).toMatchObject({ server: '192.168.77.1' });
    } finally {
      await server.must(['ip', 'address', 'add', '10.55.0.1/24', 'dev', 'eth1']);
      await server.must(['ip', 'address', 'delete', '10.56.0.1/24', 'dev', 'eth1']);
    }
  });

  test('reloads what is said of both, and says that interfaces need a restart', async () => {
    const file = join(root.path, 'both.yaml');
    const write = (interfaces: string, domain: string) =>
      writeFile(
        file,
        [
          `version: 1\nmode: dhcp\nanswer-all: true\ninterfaces: [${interfaces}]\ntftp: {root: ${root.path}}`,
          `networks:\n  - {subnet: 10.55.0.0/24, domain-name: ${domain}, range: [10.55.0.70-10.55.0.79]}`,
        ].join('\n'),
      );
    await write('eth0, eth1', 'before.example');
    const argv = pxedCommand({ root: '', bootFile: '' }).slice(0, 2) as [string, string];
    running = server.start([...argv, '-c', file, '--log-format', 'text']);
    await running.waitFor(/pxed ready/, READY_MS);
    expect((await ask(clients[1]!)).ip).toMatch(/^10\.55\.0\.7\d$/);
    await write('eth0', 'after.example');
    running.signal('SIGHUP');
    await running.waitFor(/interfaces can only change with a restart/, 5_000);
    await write('eth0, eth1', 'after.example');
    running.signal('SIGHUP');
    await running.waitFor(/the new configuration is in force/, 5_000);
    expect((await ask(clients[1]!)).ip).toMatch(/^10\.55\.0\.7\d$/);
    expect((await ask(clients[0]!)).server).toBe('192.168.77.1');
  });

  test.each([
    ['nosuch0', /Cannot serve on nosuch0: no such interface/],
    ['bare0', /Cannot serve on bare0: it has no IPv4 address/],
    ['down0', /Cannot serve on down0: the interface is down/],
  ])('does not start when one of them cannot be served: %s', async (name, expected) => {
    if (name !== 'nosuch0') await server.plug(name);
    if (name === 'down0') await server.must(['ip', 'link', 'set', name, 'down']);
    const argv = pxedCommand({ root: root.path, bootFile: 'pxelinux.0', interfaceName: `eth0,${name}` });
    const { code, stderr } = await server.run(argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
  });

  test('names the interface whose port somebody else has', async () => {
    const on = (interfaceName: string) =>
      pxedCommand({ root: root.path, bootFile: 'pxelinux.0', interfaceName });
    running = server.start(on('eth1'));
    await running.waitFor(/pxed ready/, READY_MS);
    const { code, stderr } = await server.run(on('eth0,eth1'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot listen on UDP port 67 of eth1: in use/);
  });
});
