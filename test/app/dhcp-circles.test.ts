import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dhcpSettingsOf } from '../../src/app/dhcp-settings.ts';
import { ARCHS } from '../../src/boot/arch-table.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import type { DhcpSettings, Link } from '../../src/dhcp/settings.ts';
import { networkOfLink } from '../../src/dhcp/settings.ts';
import { parseIpv4, parseSubnet } from '../../src/lib/ipv4.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

function ip(text: string): number {
  return parseIpv4(text)!;
}

const ETH0: Link = {
  name: 'eth0',
  index: 2,
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  addresses: [{ ip: ip('192.168.77.1'), length: 24 }],
};
const ETH1: Link = { ...ETH0, name: 'eth1', index: 3, addresses: [{ ip: ip('10.1.0.1'), length: 16 }] };

function settingsOf(text: string, links: readonly Link[] = [ETH0]): DhcpSettings {
  const loaded = loadConfig(`version: 1\n${text}`, { file: 'f', archNames: ARCHS.map(({ name }) => name) });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return dhcpSettingsOf({ tool: 'pxed', config: loaded.value, overrides: {} }, links, 'server');
}

test('dhcpSettingsOf() makes the interface’s own network of an empty configuration, as ever', () => {
  const settings = settingsOf('');
  expect(settings.networks).toEqual([networkOfLink(ETH0)]);
  expect([settings.reservations, settings.rules, settings.options]).toEqual([[], [], []]);
});

test('dhcpSettingsOf() says to the brain what the example of README.md says', () => {
  const [, example] = /```yaml\n(templates:[\s\S]*?)```/.exec(README) ?? [];
  const settings = settingsOf(example!);
  expect(settings.networks[0]).toMatchObject({
    ranges: [
      { first: ip('192.168.77.100'), last: ip('192.168.77.199') },
      { first: ip('192.168.77.200'), last: ip('192.168.77.249'), allow: ['kiosk'] },
    ],
  });
  expect(settings.reservations).toEqual([
    {
      uuid: '564d8a10-97c2-4f05-9d3a-0123456789ab',
      file: 'kiosk/pxelinux.0',
      tags: ['kiosk'],
      terms: { leaseSeconds: 3600, maxLeaseSeconds: 3600 },
    },
    { circuitId: '657468302f312f37', relay: ip('192.168.77.2'), ip: ip('192.168.77.7') },
  ]);
  expect(settings.rules).toEqual([
    { match: { mac: ['52:54:00'] }, says: { tags: ['kiosk'], goOn: true } },
    {
      match: { arch: [11], stage: ['rom'] },
      says: { file: 'arm/grubaa64.efi', terms: { leaseSeconds: 600, maxLeaseSeconds: 600 } },
    },
  ]);
});

test('dhcpSettingsOf() gives a network every word of its entry', () => {
  const { networks } = settingsOf(
    `networks:
  - subnet: 10.9.0.0/24
    interface: eth1
    relays: 192.0.2.1
    shared-network: hall
    unknown-clients: deny
    filename: net.0
    tags: hall
    lease: 90s
    routers: []
    options: { mtu: 1400 }`,
    [ETH0, ETH1],
  );
  expect(networks.map(({ name }) => name)).toEqual(['eth0', 'eth1', '10.9.0.0/24']);
  expect(networks[2]).toMatchObject({
    subnet: parseSubnet('10.9.0.0/24'),
    interface: 'eth1',
    relays: [ip('192.0.2.1')],
    sharedNetwork: 'hall',
    denyUnknown: true,
    file: 'net.0',
    tags: ['hall'],
    leaseSeconds: 90,
    minLeaseSeconds: 90,
    maxLeaseSeconds: 90,
    routers: [],
    options: [{ code: 26, body: Uint8Array.of(5, 120) }],
  });
});

test('dhcpSettingsOf() denies strangers everywhere but where a network says otherwise', () => {
  const { networks } = settingsOf(
    'unknown-clients: deny\nnetworks: [{ subnet: 10.2.0.0/24 }, { subnet: 10.3.0.0/24, unknown-clients: allow }]',
  );
  expect(networks.map(({ denyUnknown }) => denyUnknown === true)).toEqual([true, true, false]);
});
