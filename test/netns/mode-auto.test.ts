import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Verdict } from '../../src/client/step.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { dnsmasqCommand, pxedCommand, waitForPorts } from '../rig/server.ts';
import {
  type Command,
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
  command('dnsmasq', 'dnsmasq-base'),
  command('udhcpc', 'udhcpc'),
  command('ethtool', 'ethtool'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
];
const READY_MS = 30_000;
const OTHER = '192.168.77.2';
const SERVER = 0xc0a84d01;

ring('pxed, which is not told whether it is alone (mode auto)', NEEDS, () => {
  let lab: Lab;
  let root: BootRoot;
  let server: Host;
  let other: Host;
  let client: Host;
  let running: Running[] = [];

  beforeAll(async () => {
    root = await createEmptyRoot();
    await root.write('ipxe.0', 'a boot file');
  });
  beforeEach(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: '192.168.77.1/24' });
    other = await lab.host('other', { address: `${OTHER}/24` });
    client = await lab.host('client');
  });
  afterEach(async () => {
    await Promise.all(running.map((one) => one.stop()));
    running = [];
    await lab.close();
  });
  afterAll(async () => {
    await root.delete();
  });

  function start(host: Host, ...options: string[]): Running {
    const pxed = host.start(
      pxedCommand({
        ...{ root: root.path, bootFile: 'ipxe.0', mode: 'auto', answerAll: true },
        options: ['-v', '--log-format', 'text', ...options],
      }),
    );
    running.push(pxed);
    return pxed;
  }

  /** Another DHCP server, which knows nothing of booting. */
  async function startOther(...options: string[]): Promise<void> {
    const spec = { root: root.path, bootFile: 'ipxe.0' };
    const argv = dnsmasqCommand(spec, `${OTHER}/24`, lab.folder).filter(
      (word) => !/^--(dhcp-boot|enable-tftp|tftp-root|bootp-dynamic)/.test(word),
    );
    const dnsmasq = other.start([...argv, ...options] as unknown as Command);
    running.push(dnsmasq);
    await waitForPorts(dnsmasq, [67]);
  }

  async function whoGives(tries = 8): Promise<string> {
    const argv = [
      'udhcpc',
      '-i',
      'eth0',
      '-n',
      '-q',
      '-f',
      '-t',
      `${tries}`,
      '-T',
      '2',
      '-s',
      '/bin/true',
    ] as const;
    const { stdout, stderr } = await client.run(argv, { timeoutMs: 60_000 });
    return /obtained from ([\d.]+)/.exec(`${stdout}${stderr}`)?.[1] ?? 'nobody';
  }

  test('gives addresses where nobody else does, to those too that asked while it looked', async () => {
    const pxed = start(server);
    await pxed.waitFor(/tftp ready/, READY_MS); // its sockets are open, and it looks around
    expect(await whoGives()).toBe('192.168.77.1');
    expect(pxed.output()).toMatch(/eth0: no other DHCP server answers; pxed gives addresses/);
  });

  test('leaves the addresses to a server that is there, and tells whose they are', async () => {
    await startOther(); // it pings an address for three seconds before it offers it
    const capture = await startCapture(lab, 'lan');
    const pxed = start(server);
    await pxed.waitFor(/pxed ready/, READY_MS);
    const mac = await other.mac();
    expect(pxed.output()).toContain(`eth0: ${OTHER} (${mac}) gives addresses; pxed only tells boot clients`);
    expect(await whoGives()).toBe(OTHER);
    await capture.stop();
    const given = await capture.read('dhcp.option.dhcp == 2 || dhcp.option.dhcp == 5', [
      'ip.src',
      'dhcp.ip.your',
    ]);
    expect(given.length).toBeGreaterThan(0);
    expect(
      given.filter((one) => one['dhcp.ip.your'] !== '0.0.0.0').map((one) => one['ip.src']),
    ).not.toContain('192.168.77.1');
    // What it asked took nothing: the other server has one lease, the client's.
    expect(await leases()).toEqual([await client.mac()]);
    // The machine reads frames as they cross the wire, and no card is here to make the checksums that the kernel left to it.
    for (const host of [server, other]) await host.must(['ethtool', '-K', 'eth0', 'tx', 'off']);
    const machine = await lab.host('machine');
    const walk = [process.execPath, join(import.meta.dirname, '../rig/walk-process.ts'), 'eth0'] as const;
    const verdict = JSON.parse(await machine.must(walk, { timeoutMs: 60_000 })) as Verdict;
    expect(verdict).toMatchObject({ ok: true, lease: { bootFile: 'ipxe.0', bootServer: SERVER } });
    expect(await leases()).toContain(await machine.mac());
  });

  test('goes on when another server comes after it gave an address, and warns of it', async () => {
    const pxed = start(server);
    await pxed.waitFor(/pxed ready/, READY_MS);
    expect(await whoGives()).toBe('192.168.77.1');
    await startOther('--no-ping');
    const [line] = await pxed.waitFor(/WARN.*eth0: another DHCP server is here: .*/, 90_000);
    expect(line).toContain(`${OTHER} (${await other.mac()})`);
    expect(pxed.output()).not.toContain('proxyDHCP');
  });

  test('gives way to a server that comes before it gave anybody an address', async () => {
    const pxed = start(server);
    await pxed.waitFor(/pxed ready/, READY_MS);
    await startOther('--no-ping');
    await pxed.waitFor(new RegExp(`eth0: ${OTHER} .* gives addresses; pxed only tells`), 90_000);
    expect(await whoGives()).toBe(OTHER);
  });

  test('of two that start at once exactly one gives addresses', async () => {
    const both = [start(server), start(other)];
    await Promise.all(both.map((pxed) => pxed.waitFor(/pxed ready/, READY_MS)));
    // The looks that follow, after 10 s and again, settle it.
    await Promise.any(both.map((pxed) => pxed.waitFor(/pxed only tells boot clients/, 60_000)));
    const roles = () =>
      both.map(
        (pxed) =>
          [...pxed.output().matchAll(/gives addresses; pxed only|; pxed gives addresses/g)].at(-1)?.[0],
      );
    expect(roles().sort()).toEqual(['; pxed gives addresses', 'gives addresses; pxed only']);
    expect(['192.168.77.1', OTHER]).toContain(await whoGives());
  });

  test('waits for a carrier, and looks around when it comes', async () => {
    await startOther('--no-ping');
    await server.must(['ip', 'link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'plug0']);
    await server.must(['ip', 'link', 'set', 'late0', 'up']);
    await server.must(['ip', 'address', 'add', '10.60.0.1/24', 'dev', 'late0']);
    const pxed = host(server, 'late0');
    await pxed.waitFor(/pxed ready/, READY_MS);
    expect(pxed.output()).not.toMatch(/gives addresses/);
    await server.must(['ip', 'link', 'set', 'plug0', 'up']);
    await pxed.waitFor(/late0 changed: it has a carrier/, 10_000);
    await pxed.waitFor(/late0: no other DHCP server answers; pxed gives addresses/, 15_000);
  });

  test('with --mode dhcp is a server at once, and warns of the other one', async () => {
    await startOther('--no-ping');
    const pxed = start(server, '--mode', 'dhcp');
    await pxed.waitFor(/pxed ready/, READY_MS);
    expect(pxed.output()).not.toContain('eth0: no other');
    const [client2] = await Promise.all([whoGives(), pxed.waitFor(/another DHCP server is here/, 30_000)]);
    expect(client2).not.toBe('nobody');
  });

  function host(on: Host, interfaceName: string): Running {
    const argv = pxedCommand({ root: root.path, bootFile: 'ipxe.0', mode: 'auto', interfaceName });
    const pxed = on.start([...argv, '--log-format', 'text']);
    running.push(pxed);
    return pxed;
  }

  /** MACs of the other server's leases. */
  async function leases(): Promise<string[]> {
    const text = await other.must(['cat', join(lab.folder, 'dnsmasq.leases')]);
    return text
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[1]!);
  }
});
