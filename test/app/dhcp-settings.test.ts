import { describe, expect, test } from 'vitest';
import { addressingWarnings } from '../../src/app/check-addressing.ts';
import { dhcpSettingsOf } from '../../src/app/dhcp-settings.ts';
import type { NetworkOverrides } from '../../src/app/setup.ts';
import { loadConfig } from '../../src/config/load.ts';
import { planDhcp } from '../../src/dhcp/plan.ts';
import type { Link } from '../../src/dhcp/settings.ts';
import { formatIpv4, formatSubnet } from '../../src/lib/ipv4.ts';
import { ETH0, ip } from '../dhcp/world.ts';

const link = (name: string, address: string, length = 24): Link => {
  return { ...ETH0, name, addresses: [{ ip: ip(address), length }] };
};
const LAB = link('eth0', '192.168.77.1');
const DESK = link('eth1', '10.1.0.1', 16);

function configOf(yaml: string) {
  const loaded = loadConfig(`version: 1\n${yaml}`, { file: 'f', archNames: [] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

function networks(links: readonly Link[], yaml = '', overrides: NetworkOverrides = {}) {
  const settings = dhcpSettingsOf({ tool: 'pxed', config: configOf(yaml), overrides }, links, 'host');
  planDhcp(settings, links);
  return settings.networks.map(({ subnet, routers }) => `${formatSubnet(subnet)} ${routers.map(formatIpv4)}`);
}

describe('dhcpSettingsOf()', () => {
  test('makes a network of each interface, which is its router', () => {
    expect(networks([LAB, DESK])).toEqual(['192.168.77.0/24 192.168.77.1', '10.1.0.0/16 10.1.0.1']);
  });

  test('makes one network of two interfaces that are on it', () => {
    expect(networks([LAB, link('eth1', '192.168.77.2')])).toEqual(['192.168.77.0/24 192.168.77.1']);
  });

  test('keeps the networks of two interfaces apart although one lies within the other', () => {
    const wide = link('eth0', '10.0.0.1', 8);
    const links = [wide, DESK];
    expect(networks(links)).toEqual(['10.0.0.0/8 10.0.0.1', '10.1.0.0/16 10.1.0.1']);
    const settings = dhcpSettingsOf({ tool: 'pxed', config: configOf(''), overrides: {} }, links, 'host');
    const { places } = planDhcp(settings, links);
    const on = (one: Link) => places.on(one).map(({ name }) => name);
    expect([on(wide), on(DESK)]).toEqual([['eth0'], ['eth1']]);
  });

  test('gives a configured network the interface that is on it, and others no router', () => {
    const yaml = 'networks:\n  - subnet: 10.1.0.0/16\n  - subnet: 10.9.0.0/16';
    expect(networks([LAB, DESK], yaml)).toEqual([
      '192.168.77.0/24 192.168.77.1',
      '10.1.0.0/16 10.1.0.1',
      '10.9.0.0/16 ',
    ]);
  });

  test('takes the command line’s router for the network that it is in, one of elsewhere for all', () => {
    expect(networks([LAB, DESK], '', { routers: [ip('10.1.0.254')] })).toEqual([
      '192.168.77.0/24 192.168.77.1',
      '10.1.0.0/16 10.1.0.254',
    ]);
    expect(networks([LAB, DESK], '', { routers: [ip('172.16.0.1')] })).toEqual([
      '192.168.77.0/24 172.16.0.1',
      '10.1.0.0/16 172.16.0.1',
    ]);
  });
});

test('addressingWarnings() warns of a /32, where nobody is behind relays, of interfaces nobody serves, and of sockets without eyes', () => {
  const facts = (length: number) => ({
    ...{ name: 'eth0', index: 2, mac: ETH0.mac, mtu: 1500, up: true, running: true, loopback: false },
    addresses: [{ address: ip('10.0.0.1'), prefixLength: length }],
  });
  const warnings = (length: number, yaml = '', canSendRaw = true) => {
    const config = configOf(yaml);
    const dhcp = dhcpSettingsOf(
      { tool: 'pxed', config, overrides: {} },
      [link('eth0', '10.0.0.1', length)],
      'h',
    );
    const told = addressingWarnings(config, { links: [facts(length)], dhcp }, { canSendRaw });
    return told.map((event) => (event.type === 'service.warning' ? event.problem : event.type));
  };
  expect(warnings(24)).toEqual([]);
  expect(warnings(32)).toEqual(['no-room']);
  expect(warnings(32, 'networks: [{subnet: 10.9.0.0/16}]')).toEqual([]);
  expect(warnings(32, 'mode: proxy')).toEqual([]);
  expect(warnings(24, '', false)).toEqual(['cannot-look-around']);
  expect(warnings(24, 'mode: dhcp', false)).toEqual([]);
  expect(warnings(24, 'networks: [{subnet: 10.9.0.0/16, interface: eth9}]')).toEqual(['unserved-interface']);
  expect(warnings(24, 'hosts: [{mac: 52:54:00:12:34:56, address: 10.0.0.1}]')).toEqual(['own-address']);
  expect(warnings(24, 'hosts: [{mac: 52:54:00:12:34:56, address: 10.0.0.9}]')).toEqual([]);
  expect(warnings(24, 'hosts: [{mac: 52:54:00:12:34:56, address: 10.9.0.1}]')).toEqual(['unserved-address']);
  expect(warnings(24, 'rules: [{match: {interface: [eth0, eth9]}, then: {lease: 1h}}]')).toEqual([
    'unserved-interface',
  ]);
});
