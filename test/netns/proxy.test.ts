import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/client/step.ts';
import { formatIpv4 } from '../../src/lib/ipv4.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { dnsmasqCommand, PROJECT, pxedCommand, waitForPorts } from '../rig/server.ts';
import {
  type Capture,
  type Command,
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  startCapture,
  tun,
} from './harness.ts';

const NEEDS = [
  namespaces,
  tun,
  command('dnsmasq', 'dnsmasq-base'),
  command('dhcrelay', 'isc-dhcp-relay'),
  command('dhcpd', 'isc-dhcp-server'),
  command('kea-dhcp4', 'kea-dhcp4-server'),
  command('udhcpc', 'udhcpc'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
];
const READY_MS = 30_000;
const BOOT_MS = 40_000;
const PXED = '192.168.77.1';
const RELAY_NEAR = '192.168.77.3';
const RELAY_FAR = '192.168.88.1';
const ROM_MAC = '52:54:00:77:00:21';

ring('pxed as proxyDHCP server', NEEDS, () => {
  let root: BootRoot;
  let lab: Lab;
  let server: Host;
  let capture: Capture;

  beforeAll(async () => {
    root = await createEmptyRoot();
    for (const name of ['pxelinux.0', 'vmlinuz', 'initrd.gz']) await root.write(name, name);
    await root.write('ldlinux.c32', '\x7fELF');
    await root.write('pxelinux.cfg/default', 'DEFAULT x\nLABEL x\n  KERNEL vmlinuz\n  INITRD initrd.gz\n');
  });
  beforeEach(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: `${PXED}/24` });
    capture = await startCapture(lab, 'lan');
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') lab.keep(task.name);
    await lab.close();
  });
  afterAll(() => root.delete());

  /** A server that gives addresses, and knows nothing of booting. */
  async function startAddressServer(host: Host): Promise<void> {
    const address = (await host.addresses())[0] ?? '';
    const spec = { root: root.path, bootFile: '' };
    const bare = dnsmasqCommand(spec, address, lab.folder).filter(
      (word) => !/^--(dhcp-boot|enable-tftp|tftp-root|bootp-dynamic)/.test(word),
    );
    const more = ['--no-ping', '--dhcp-range=192.168.88.50,192.168.88.150,255.255.255.0,2m'];
    const router = `--dhcp-option=tag:far,option:router,${RELAY_FAR}`;
    const dnsmasq = host.start([...bare, ...more, router] as unknown as Command);
    await waitForPorts(dnsmasq, [67]);
  }

  async function startKea(host: Host): Promise<void> {
    const file = join(lab.folder, 'kea.json');
    const pools = [{ pool: '192.168.77.50 - 192.168.77.150' }];
    const config = {
      'interfaces-config': { interfaces: ['eth0'] },
      'lease-database': { type: 'memfile', persist: false },
      subnet4: [{ subnet: '192.168.77.0/24', pools }],
    };
    await writeFile(file, JSON.stringify({ Dhcp4: config }));
    const env = { KEA_PIDFILE_DIR: lab.folder, KEA_LOCKFILE_DIR: 'none' };
    await waitForPorts(host.start(['kea-dhcp4', '-c', file], { env }), [67]);
  }

  async function startDhcpd(host: Host): Promise<void> {
    const [file, leases, pid] = ['dhcpd.conf', 'dhcpd.leases', 'dhcpd.pid'].map((name) =>
      join(lab.folder, name),
    );
    await writeFile(
      file!,
      'subnet 192.168.77.0 netmask 255.255.255.0 { range 192.168.77.50 192.168.77.150; }\n',
    );
    await writeFile(leases!, '');
    const dhcpd = host.start(['dhcpd', '-4', '-f', '-d', '-cf', file!, '-lf', leases!, '-pf', pid!, 'eth0']);
    await waitForPorts(dhcpd, [67]);
  }

  async function startPxed(mode: 'proxy' | 'auto'): Promise<Running> {
    const spec = { root: root.path, bootFile: 'pxelinux.0', mode };
    const pxed = server.start(pxedCommand({ ...spec, options: ['-v', '--log-format', 'text'] }));
    await pxed.waitFor(/pxed ready/, READY_MS);
    return pxed;
  }

  async function bootRom(segment = 'lan'): Promise<Verdict> {
    const tap = await lab.tap(segment);
    const path = join(PROJECT, 'test/rig/rom-process.ts');
    const rom = lab.start([process.execPath, path, tap, ROM_MAC], `rom-${tap}`);
    const [line] = await rom.waitFor(/^\{.*\}$/m, BOOT_MS);
    return JSON.parse(line) as Verdict;
  }

  async function startRelay(servers: readonly string[]): Promise<void> {
    await lab.segment('far');
    const relay = await lab.host('relay', { address: `${RELAY_NEAR}/24` });
    await relay.plug('eth1', { segment: 'far', address: `${RELAY_FAR}/24` });
    await relay.must(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    const running = relay.start(['dhcrelay', '-4', '-d', '-a', '-iu', 'eth0', '-id', 'eth1', ...servers]);
    await running.waitFor(/Sending on\s+Socket/, READY_MS);
  }

  function expectBooted(verdict: Verdict, addressServer: string): void {
    expect(verdict.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict.ended).toBe('kernel');
    expect(formatIpv4(verdict.lease!.dhcpServer)).toBe(addressServer);
    expect(formatIpv4(verdict.lease!.bootServer)).toBe(PXED);
  }

  /** What pxed said to clients about addresses, leases, or anything at all to this MAC. */
  async function saidTo(mac: string): Promise<number> {
    return (
      await capture.read(`dhcp.type == 2 && dhcp.hw.mac_addr == ${mac} && dhcp.ip.server == ${PXED}`, [
        'frame.number',
      ])
    ).length;
  }

  describe.each([
    { where: 'another host', address: '192.168.77.2' },
    { where: 'the same host', address: PXED },
  ])('beside dnsmasq on $where', ({ where, address }) => {
    const shared = where === 'the same host';

    beforeEach(async () => {
      const other = shared ? server : await lab.host('other', { address: `${address}/24` });
      await startAddressServer(other);
      await server.run(['ip', 'route', 'add', '192.168.88.0/24', 'via', RELAY_NEAR]);
      if (!shared) await other.must(['ip', 'route', 'add', '192.168.88.0/24', 'via', RELAY_NEAR]);
    });

    test('boots a ROM whose address dnsmasq gives, and is silent to a system', async () => {
      const pxed = await startPxed('proxy');
      expectBooted(await bootRom(), address);
      const taken = /UDP port 67 of eth0 is in use by dnsmasq, pid \d+, so that one gives the addresses/;
      if (shared) expect(pxed.output()).toMatch(taken);
      else expect(pxed.output()).not.toContain('is in use');
      expect(pxed.output()).toMatch(new RegExp(`${ROM_MAC} .*told what to boot, boots pxelinux.0`));
      const client = await lab.host('client');
      const got = await client.run(['udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '5', '-s', '/bin/true']);
      expect(`${got.stdout}${got.stderr}`).toContain(`obtained from ${address}`);
      await capture.stop();
      expect(await saidTo(ROM_MAC)).toBeGreaterThan(0);
      const offers = await capture.read(
        `dhcp.type == 2 && dhcp.ip.server == ${PXED} && dhcp.ip.your != 0.0.0.0`,
        ['dhcp.option.vendor_class_id'],
      );
      // On the same host dnsmasq's own answers name that address too, but no class: no lease is ours.
      expect(offers.filter((one) => one['dhcp.option.vendor_class_id'] !== '')).toEqual([]);
      if (!shared) expect(await saidTo(await client.mac())).toBe(0);
    });

    test('boots a ROM behind a relay', async () => {
      await startPxed('proxy');
      await startRelay(shared ? [PXED] : [PXED, address]);
      const verdict = await bootRom('far');
      expectBooted(verdict, address);
      expect(formatIpv4(verdict.lease!.ip)).toMatch(/^192\.168\.88\./);
      await capture.stop();
      const proxied = await capture.read(
        `dhcp.type == 2 && dhcp.ip.relay == ${RELAY_FAR} && dhcp.ip.your == 0.0.0.0`,
        ['ip.dst', 'udp.srcport', 'udp.dstport', 'dhcp.flags.bc', 'dhcp.ip.server'],
      );
      expect(proxied.length).toBeGreaterThan(0);
      for (const reply of proxied) {
        expect(reply).toMatchObject({ 'ip.dst': RELAY_FAR, 'udp.srcport': '67', 'udp.dstport': '67' });
        expect(reply['dhcp.ip.server']).toBe(PXED);
        expect(['1', 'True']).toContain(reply['dhcp.flags.bc']);
      }
    });
  });

  // Kea reads and writes frames, as pxed then does, and ISC dhcpd too; both have port 67 for what is sent to them alone.
  test.each([
    { name: 'Kea', start: startKea, owner: 'kea-dhcp4' },
    { name: 'ISC dhcpd', start: startDhcpd, owner: 'dhcpd' },
  ])('boots a ROM on the same host as $name', async ({ start, owner }) => {
    await start(server);
    const pxed = await startPxed('proxy');
    expect(pxed.output()).toContain(`UDP port 67 of eth0 is in use by ${owner}`);
    expectBooted(await bootRom(), PXED);
  });

  test('finds out by itself that port 67 is another program’s (mode auto)', async () => {
    await startAddressServer(server);
    const pxed = await startPxed('auto');
    expect(pxed.output()).toContain('so that one gives the addresses');
    expectBooted(await bootRom(), PXED);
  });
});
