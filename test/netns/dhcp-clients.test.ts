import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { command, type Host, namespaces, type Running, ring } from './harness.ts';

const NEEDS = [namespaces, command('tcpdump', 'tcpdump'), command('tshark', 'tshark')];
const WAIT_MS = 45_000;
const SERVER = '192.168.77.1';

/** Twenty seconds: short enough to see a client renew by itself at half of it. */
const SHORT_LEASES = [
  'networks:',
  '  - subnet: 192.168.77.0/24',
  '    range: [192.168.77.50-192.168.77.150]',
  '    lease: 20s',
  '    lease-min: 20s',
  '    lease-max: 20s',
].join('\n');

type Client = {
  name: string;
  debianPackage: string;
  /** Starts the client on eth0 in the foreground. */
  start: (host: Host) => Promise<Running>;
  /** What it prints when it has, or has again, a lease. */
  bound: RegExp;
  /** Makes it renew, when it will not within seconds by itself. */
  renew: (host: Host, running: Running) => Promise<void>;
  release: (host: Host, running: Running) => Promise<void>;
};

/** A script in the lab's folder: the clients' own ones would write the machine's /etc/resolv.conf. */
async function script(host: Host, name: string, text: string): Promise<string> {
  const path = join(host.folder, name);
  await writeFile(path, `#!/bin/sh\n${text}`);
  await chmod(path, 0o755);
  return path;
}

const UDHCPC_SCRIPT = `case $1 in
  deconfig) ip -4 address flush dev "$interface" ;;
  bound | renew) ip address replace "$ip/$mask" dev "$interface" ;;
esac
echo "$1 $ip"
`;

const DHCLIENT_SCRIPT = `case $reason in
  BOUND | RENEW | REBIND | REBOOT) ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
  EXPIRE | FAIL | RELEASE | STOP) ip -4 address flush dev "$interface" ;;
esac
echo "$reason $new_ip_address"
`;

const CLIENTS: Client[] = [
  {
    name: 'udhcpc',
    debianPackage: 'udhcpc',
    start: async (host) => {
      const path = await script(host, 'udhcpc-script', UDHCPC_SCRIPT);
      return host.start(['udhcpc', '-f', '-i', 'eth0', '-t', '5', '-s', path]);
    },
    bound: /lease of ([\d.]+) obtained/,
    renew: async (_, running) => running.signal('SIGUSR1'),
    release: async (_, running) => running.signal('SIGUSR2'),
  },
  {
    name: 'dhclient',
    debianPackage: 'isc-dhcp-client',
    start: async (host) => {
      const path = await script(host, 'dhclient-script', DHCLIENT_SCRIPT);
      return host.start(['dhclient', '-4', '-d', '-v', ...dhclientFiles(host), '-sf', path, 'eth0']);
    },
    bound: /bound to ([\d.]+)/,
    renew: async () => undefined, // it does so at half of the lease
    release: async (host) => {
      await host.must([
        'dhclient',
        '-4',
        '-r',
        ...dhclientFiles(host),
        '-sf',
        join(host.folder, 'dhclient-script'),
        'eth0',
      ]);
    },
  },
  {
    name: 'dhcpcd',
    debianPackage: 'dhcpcd5',
    start: async (host) =>
      host.start(['dhcpcd', '-4', '-B', '-d', '--noarp', '-f', '/dev/null', '-c', '/bin/true', 'eth0']),
    bound: /leased ([\d.]+) for/,
    renew: async (host) => {
      await host.must(['dhcpcd', '-4', '-N', 'eth0']);
    },
    release: async (host) => {
      await host.must(['dhcpcd', '-4', '-k', 'eth0']);
    },
  },
];

function dhclientFiles(host: Host): string[] {
  return [
    ...['-cf', '/dev/null', '-lf', join(host.folder, 'dhclient.leases')],
    ...['-pf', join(host.folder, 'dhclient.pid')],
  ];
}

ring('DHCP clients of Linux at one server (`pxed -a`)', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: SHORT_LEASES,
  });

  for (const client of CLIENTS) {
    ring(client.name, [command(client.name, client.debianPackage)], () => {
      test('gets a lease, renews it unicast, and gives it back', async () => {
        const { lab, capture, server } = site();
        const host = await lab.host(client.name);
        const mac = await host.mac();
        const running = await client.start(host);

        const [, address = ''] = await running.waitFor(client.bound, WAIT_MS);
        expect(address).toMatch(/^192\.168\.77\.\d+$/);
        await expect.poll(() => host.addresses(), { timeout: WAIT_MS }).toContain(`${address}/24`);

        const renewal = `dhcp.option.dhcp == 5 && ip.dst == ${address} && dhcp.ip.client == ${address} && dhcp.hw.mac_addr == ${mac}`;
        await client.renew(host, running);
        await expect.poll(() => capture.read(renewal, ['ip.src']), { timeout: WAIT_MS }).not.toEqual([]);

        await client.release(host, running);
        const releases = `dhcp.option.dhcp == 7 && dhcp.hw.mac_addr == ${mac}`;
        await expect
          .poll(() => capture.read(releases, ['ip.src', 'ip.dst', 'dhcp.ip.client']), { timeout: WAIT_MS })
          .toEqual([{ 'ip.src': address, 'ip.dst': SERVER, 'dhcp.ip.client': address }]);
        await server.waitFor(
          new RegExp(`(dhcp\\.release|DHCPRELEASE).*${address.replaceAll('.', '\\.')}`),
          WAIT_MS,
        );
        await running.stop();

        const fields = [
          'dhcp.option.dhcp',
          'ip.src',
          'ip.dst',
          'udp.srcport',
          'udp.dstport',
          'dhcp.ip.your',
        ] as const;
        const mine = await capture.read(`dhcp && dhcp.hw.mac_addr == ${mac}`, fields);
        const steps = mine.map((row) => row['dhcp.option.dhcp']);
        expect(steps.slice(0, 2)).toEqual(['1', '2']); // DISCOVER, OFFER
        const unicastRenewal = mine.find(
          (row) => row['dhcp.option.dhcp'] === '3' && row['ip.dst'] === SERVER,
        );
        expect(unicastRenewal).toMatchObject({ 'ip.src': address, 'udp.srcport': '68', 'udp.dstport': '67' });
        for (const reply of mine.filter((row) => row['udp.srcport'] === '67')) {
          expect(reply).toMatchObject({ 'ip.src': SERVER, 'udp.dstport': '68', 'dhcp.ip.your': address });
        }
      });
    });
  }

  ring('nmap', [command('nmap', 'nmap')], () => {
    test('broadcast-dhcp-discover reads our options', async () => {
      const host = await site().lab.host('nmap', { address: '192.168.77.40/24' });
      const text = await host.must(['nmap', '-e', 'eth0', '--script', 'broadcast-dhcp-discover'], {
        timeoutMs: WAIT_MS,
      });
      expect(text).toMatch(/IP Offered: 192\.168\.77\.\d+/);
      expect(text).toMatch(/DHCP Message Type: DHCPOFFER/);
      expect(text).toContain(`Server Identifier: ${SERVER}`);
      expect(text).toContain('Subnet Mask: 255.255.255.0');
      expect(text).toContain(`Router: ${SERVER}`);
      expect(text).toMatch(/IP Address Lease Time: (20s|2m00s)/);
    });
  });
});
