import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEmptyRoot } from '../rig/boot-root.ts';
import { useSite } from '../rig/site.ts';
import { command, type Host, namespaces, type Running, ring } from './harness.ts';

/** What real clients do besides getting a lease: come from elsewhere, lose their server, find their address taken. */

const NEEDS = [namespaces, command('tcpdump', 'tcpdump'), command('tshark', 'tshark')];
const WAIT_MS = 60_000;
const SERVER = '192.168.77.1';
const ACK = 'dhcp.option.dhcp == 5';

/** `network`: lines of the network's entry; `more`: lines of the file. */
function site(network: readonly string[], options: readonly string[] = [], more: readonly string[] = []) {
  const entry = ['networks:', '  - subnet: 192.168.77.0/24', ...network.map((line) => `    ${line}`)];
  return useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: [...entry, ...more].join('\n'),
    options,
  });
}

async function script(host: Host, name: string, text: string): Promise<string> {
  const path = join(host.folder, name);
  await writeFile(path, `#!/bin/sh\n${text}`);
  await chmod(path, 0o755);
  return path;
}

const DHCLIENT_SCRIPT = `case $reason in
  BOUND | RENEW | REBIND | REBOOT) ip address replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
  EXPIRE | FAIL | RELEASE | STOP) ip -4 address flush dev "$interface" ;;
esac
echo "$reason $new_ip_address"
`;

/** Looks first whether somebody has the address; dhclient declines when its script fails. */
const LOOKING_SCRIPT = `case $reason in
  PREINIT) ip link set dev "$interface" up ;;
  BOUND) busybox arping -D -q -c 2 -w 3 -I "$interface" "$new_ip_address" || exit 1 ;;
esac
`;

type Dhclient = { leases?: string; script?: string };

/** dhclient in the foreground; `leases` is what it remembers of earlier. */
async function dhclient(host: Host, given: Dhclient = {}): Promise<Running> {
  const leases = join(host.folder, 'states.leases');
  await writeFile(leases, given.leases ?? '');
  const path = await script(host, 'states-script', given.script ?? DHCLIENT_SCRIPT);
  const files = ['-cf', '/dev/null', '-lf', leases, '-pf', join(host.folder, 'states.pid')];
  return host.start(['dhclient', '-4', '-d', '-v', ...files, '-sf', path, 'eth0']);
}

/** As dhclient writes it, good for ten years. */
function rememberedLease(address: string): string {
  return [
    'lease {',
    '  interface "eth0";',
    `  fixed-address ${address};`,
    '  option subnet-mask 255.255.255.0;',
    '  option dhcp-lease-time 315360000;',
    '  option dhcp-message-type 5;',
    '  option dhcp-server-identifier 10.99.0.1;',
    '  renew 1 2035/01/01 00:00:00;',
    '  rebind 1 2035/01/01 00:00:00;',
    '  expire 1 2035/01/01 00:00:00;',
    '}',
    '',
  ].join('\n');
}

ring('a machine that comes from another network (`--authoritative`)', NEEDS.concat([dhclientIs()]), () => {
  const open = site(['range: [192.168.77.50-192.168.77.150]'], ['--authoritative']);

  test('dhclient in INIT-REBOOT is refused at once, and gets an address of this network', async () => {
    const { lab, capture, server } = open();
    const host = await lab.host('traveller');
    const running = await dhclient(host, { leases: rememberedLease('10.99.0.5') });
    const [, address] = await running.waitFor(/bound to (192\.168\.77\.\d+)/, WAIT_MS);
    await running.stop();
    await server.waitFor(/refused 10\.99\.0\.5|dhcp\.nak/, WAIT_MS);
    const mac = await host.mac();
    const rows = await capture.read(`dhcp && dhcp.hw.mac_addr == ${mac}`, [
      'dhcp.option.dhcp',
      'ip.dst',
      'dhcp.option.requested_ip_address',
      'dhcp.ip.your',
    ]);
    const steps = rows.map((row) => row['dhcp.option.dhcp']);
    expect(steps.slice(0, 6)).toEqual(['3', '6', '1', '2', '3', '5']);
    expect(rows[0]).toMatchObject({ 'dhcp.option.requested_ip_address': '10.99.0.5' });
    expect(rows[1]).toMatchObject({ 'ip.dst': '255.255.255.255' }); // NAK: RFC 2131 §4.1
    expect(rows[5]).toMatchObject({ 'dhcp.ip.your': address });
  });
});

const UDHCPC_SCRIPT = `case $1 in
  bound | renew) ip address replace "$ip/$mask" dev "$interface" ;;
esac
`;

ring('a client that cannot reach its server by unicast any more', NEEDS.concat([udhcpcIs()]), () => {
  const lease = ['lease: 20s', 'lease-min: 20s', 'lease-max: 20s'];
  const open = site(['range: [192.168.77.50-192.168.77.150]', ...lease]);

  test('udhcpc asks everybody (REBINDING), and its own server extends the lease', async () => {
    const { lab, capture } = open();
    const host = await lab.host('rebinding');
    const path = await script(host, 'rebinding-script', UDHCPC_SCRIPT);
    const running = host.start(['udhcpc', '-f', '-i', 'eth0', '-t', '5', '-s', path]);
    const [, address = ''] = await running.waitFor(/lease of ([\d.]+) obtained/, WAIT_MS);
    await expect.poll(() => host.addresses(), { timeout: WAIT_MS }).toContain(`${address}/24`);
    // What it sends to the server's own address goes to a station that is not there.
    const nobody = ['lladdr', '02:00:00:00:00:99', 'nud', 'permanent', 'dev', 'eth0'];
    await host.must(['ip', 'neigh', 'replace', SERVER, ...nobody]);
    const mine = `dhcp.hw.mac_addr == ${await host.mac()} && dhcp.ip.client == ${address}`;
    const asked = `dhcp.option.dhcp == 3 && ${mine} && ip.dst == 255.255.255.255`;
    await expect.poll(() => capture.read(asked, ['ip.src']), { timeout: WAIT_MS }).not.toEqual([]);
    await expect
      .poll(() => capture.read(`${ACK} && ${mine}`, ['ip.src', 'ip.dst', 'dhcp.ip.your']), {
        timeout: WAIT_MS,
      })
      .toContainEqual({ 'ip.src': SERVER, 'ip.dst': address, 'dhcp.ip.your': address });
    await running.stop();
  });
});

type Decliner = { name: string; start: (host: Host) => Promise<Running>; got: RegExp };

const DECLINERS: Decliner[] = [
  {
    name: 'udhcpc',
    start: async (host) => {
      const path = await script(host, 'decline-script', UDHCPC_SCRIPT);
      return host.start(['udhcpc', '-f', '-i', 'eth0', '-a', '-s', path]);
    },
    got: /lease of (192\.168\.77\.8\d) obtained/,
  },
  {
    name: 'dhclient',
    start: (host) => dhclient(host, { script: LOOKING_SCRIPT }),
    got: /bound to (192\.168\.77\.8\d)/,
  },
  {
    name: 'dhcpcd',
    start: async (host) => dhcpcd(host, []),
    got: /leased (192\.168\.77\.8\d) for/,
  },
];

const DECLINE_NEEDS = NEEDS.concat([udhcpcIs(), dhclientIs(), command('dhcpcd', 'dhcpcd5')]);

ring('clients that find their addresses taken', DECLINE_NEEDS, () => {
  // The server does not look itself, or no client would ever get to see such an address.
  const owned = DECLINERS.map((_, i) => ({ mac: `52:54:00:00:50:5${i}`, address: `192.168.77.5${i}` }));
  const hosts = owned.map(({ mac, address }) => `  - { mac: "${mac}", address: ${address} }`);
  const range = 'range: [192.168.77.80-192.168.77.89]';
  const open = site([range], ['--no-conflict-probe'], ['hosts:', ...hosts]);

  // Each waits ten seconds after its DECLINE (RFC 2131 §3.1 step 5): together, then.
  test('each declines; its address is set aside, and it gets another', async () => {
    const { lab, capture, server } = open();
    const squatter = await lab.host('squatter');
    for (const { address } of owned) {
      await squatter.must(['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    }
    await Promise.all(
      DECLINERS.map(async ({ name, start, got }, i) => {
        const { mac, address } = owned[i]!;
        const running = await start(await lab.host(name, { mac }));
        await running.waitFor(got, WAIT_MS);
        await running.stop();
        await server.waitFor(new RegExp(`${address.replaceAll('.', '\\.')} .*set aside`), WAIT_MS);
        const [decline] = await capture.read(`dhcp.option.dhcp == 4 && dhcp.hw.mac_addr == ${mac}`, [
          'dhcp.option.requested_ip_address',
          'dhcp.option.dhcp_server_id',
        ]);
        expect(decline, name).toEqual({
          'dhcp.option.requested_ip_address': address,
          'dhcp.option.dhcp_server_id': SERVER,
        });
      }),
    );
  });
});

ring('rapid commit (`rapid-commit: true`)', NEEDS.concat([command('dhcpcd', 'dhcpcd5')]), () => {
  const open = site(['range: [192.168.77.50-192.168.77.150]'], [], ['rapid-commit: true']);

  test('dhcpcd that asks for it has its lease with the first answer', async () => {
    const { lab, capture } = open();
    const host = await lab.host('hasty');
    const running = dhcpcd(host, ['--noarp', '-o', 'rapid_commit']);
    await running.waitFor(/leased 192\.168\.77\.\d+ for/, WAIT_MS);
    await running.stop();
    const mac = await host.mac();
    const rows = await capture.read(`dhcp && dhcp.hw.mac_addr == ${mac}`, ['dhcp.option.dhcp']);
    expect(rows.slice(0, 2).map((row) => row['dhcp.option.dhcp'])).toEqual(['1', '5']);
  });
});

/** dhcpcd in the foreground, without a memory of what others of its name had: it would begin with INIT-REBOOT. */
function dhcpcd(host: Host, options: readonly string[]): Running {
  // `ip netns exec` gives each command mounts of its own.
  const forget = 'mount -t tmpfs none /var/lib/dhcpcd && exec "$@"';
  const quiet = ['-4', '-B', '-d', '-f', '/dev/null', '-c', '/bin/true'];
  return host.start(['sh', '-c', forget, 'sh', 'dhcpcd', ...quiet, ...options, 'eth0']);
}

function udhcpcIs() {
  return command('udhcpc', 'udhcpc');
}

function dhclientIs() {
  return command('dhclient', 'isc-dhcp-client');
}
