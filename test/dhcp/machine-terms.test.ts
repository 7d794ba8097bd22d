import { describe, expect, test } from 'vitest';
import { archOf } from '../../src/boot/arch-table.ts';
import type { BootMachine } from '../../src/boot/machine.ts';
import { saidOf } from '../../src/dhcp/machine-terms.ts';
import { planDhcp } from '../../src/dhcp/plan.ts';
import type { Match, Rule } from '../../src/dhcp/rule.ts';
import { DEFAULT_SETTINGS, type DhcpSettings, type Link, networkOfLink } from '../../src/dhcp/settings.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import { ETH0, ip, MAC, SERVER } from './world.ts';

const UUID = {
  smbios: '564d8a10-97c2-4f05-9d3a-0123456789ab',
  wire: '108a4d56-c297-054f-9d3a-0123456789ab',
};

const MACHINE: BootMachine = {
  mac: MAC,
  ip: ip('10.0.0.77'),
  uuid: UUID,
  arch: archOf(7),
  hostname: 'node1.lab',
  clientId: '01525400ec3381',
  tags: [],
  relay: { via: ip('10.0.0.2'), circuitId: '0107', remoteId: 'aabb' },
};

const HALL = parseSubnet('10.0.1.0/24')!;

function said(settings: Partial<DhcpSettings>, machine: Partial<BootMachine> = {}, links: Link[] = [ETH0]) {
  const networks = [networkOfLink(ETH0)];
  const plan = planDhcp({ ...DEFAULT_SETTINGS, networks, ...settings }, links);
  return saidOf({ ...MACHINE, ...machine }, { plan, links });
}

describe('saidOf()', () => {
  test.each<[match: Match, holds: boolean]>([
    [{ mac: [MAC] }, true],
    [{ mac: ['52:54'] }, true],
    [{ mac: ['aa'] }, false],
    [{ uuid: [UUID.smbios] }, true],
    [{ uuid: [UUID.wire] }, true],
    [{ uuid: ['00000000-97c2-4f05-9d3a-0123456789ab'] }, false],
    [{ arch: [7] }, true],
    [{ arch: [9] }, true],
    [{ arch: [0] }, false],
    [{ stage: ['rom'] }, true],
    [{ stage: ['ipxe', 'os'] }, false],
    [{ vendorClass: ['PXEClient:Arch:00007'] }, true],
    [{ vendorClass: ['HTTPClient'] }, false],
    [{ hostname: ['node1'] }, true],
    [{ hostname: ['node2'] }, false],
    [{ clientId: ['01525400ec3381'] }, true],
    [{ subnet: [parseSubnet('10.0.0.0/16')!] }, true],
    [{ subnet: [parseSubnet('10.1.0.0/16')!] }, false],
    [{ interface: ['eth0'] }, true],
    [{ interface: ['eth1'] }, false],
    [{ relay: [ip('10.0.0.2')] }, true],
    [{ circuitId: ['0107'], remoteId: ['aabb'] }, true],
    [{ circuitId: ['0108'] }, false],
    [{ tag: ['unknown'] }, true],
    [{ tag: ['known'] }, false],
    [{ userClass: ['iPXE'] }, false],
  ])('a rule for %j', (match, holds) => {
    const { profile, from } = said({ rules: [{ match, says: { profile: 'x' } }] });
    expect([profile, from]).toEqual(holds ? ['x', 'rules[0]'] : [undefined, undefined]);
  });

  test.each([
    ['MAC', { mac: MAC }],
    ['UUID', { uuid: UUID.wire }],
    ['client id', { clientId: '01525400ec3381' }],
    ['switch port', { circuitId: '0107', relay: ip('10.0.0.2') }],
    ['name', { hostname: 'node1' }],
  ])('a host known by %s', (_, entry) => {
    expect(said({ reservations: [{ ...entry, profile: 'x' }] })).toMatchObject({
      profile: 'x',
      from: 'hosts',
    });
    expect(said({ reservations: [{ ...entry, mac: '52:54:00:00:00:01', profile: 'x' }] }).profile).toBe(
      undefined,
    );
  });

  test('a host goes before a rule, that before its network, that before all networks', () => {
    const network = { ...networkOfLink(ETH0), profile: 'network' };
    const rules: Rule[] = [{ match: {}, says: { profile: 'rule' } }];
    const reservations = [{ mac: MAC, profile: 'host' }];
    const profile = 'all';
    const all = { networks: [network], rules, reservations, profile };
    expect(said(all)).toMatchObject({ profile: 'host', from: 'hosts' });
    expect(said({ ...all, reservations: [] })).toMatchObject({ profile: 'rule', from: 'rules[0]' });
    expect(said({ networks: [network], profile })).toMatchObject({
      profile: 'network',
      from: 'networks 10.0.0.0/24',
    });
    expect(said({ profile })).toMatchObject({ profile: 'all', from: 'default' });
    expect(said({}).profile).toBeUndefined();
  });

  test('the first rule holds, later ones when it says to go on', () => {
    const first: Rule = { match: { mac: ['52'] }, says: { tags: ['virtual'], goOn: true } };
    const second: Rule = { match: { tag: ['virtual'] }, says: { file: 'a.0' } };
    const third: Rule = { match: {}, says: { profile: 'x' } };
    expect(said({ rules: [first, second, third] }).profile).toBeUndefined();
    const { profile, trace, tags } = said({ rules: [first, third, second] });
    expect(profile).toBe('x');
    expect(trace).toEqual(['rules[0]: matches', 'rules[1]: matches']);
    expect(tags).toEqual(['virtual']);
  });

  test('tags are those of network, host and rules, and those the machine came with', () => {
    const networks = [{ ...networkOfLink(ETH0), tags: ['hall'] }];
    const settings = { networks, reservations: [{ mac: MAC, tags: ['disk', 'hall'] }] };
    expect(said(settings, { tags: ['more'] }).tags).toEqual(['hall', 'disk', 'more']);
  });

  test('a host’s name is that of its entry', () => {
    expect(said({ reservations: [{ mac: MAC, hostname: 'desk' }] }).hostname).toBe('desk');
    expect(said({})).not.toHaveProperty('hostname');
  });

  test('the next server is the rule’s, the network’s, or ours on its network', () => {
    const eth1: Link = { ...ETH0, name: 'eth1', index: 3, addresses: [{ ip: ip('10.0.1.1'), length: 24 }] };
    const networks = [networkOfLink(ETH0), networkOfLink(eth1)];
    const links = [ETH0, eth1];
    const there = { ip: ip('10.0.1.7'), relay: {} };
    expect(said({ networks }, {}, links).nextServer).toBe(SERVER);
    expect(said({ networks }, there, links).nextServer).toBe(ip('10.0.1.1'));
    const rules: Rule[] = [{ match: { subnet: [HALL] }, says: { terms: { nextServer: ip('10.0.9.9') } } }];
    expect(said({ networks, rules }, there, links).nextServer).toBe(ip('10.0.9.9'));
    expect(said({ networks, rules }, {}, links).nextServer).toBe(SERVER);
  });

  test('a machine whose address another server gave is of the network that it is on', () => {
    const networks = [{ ...networkOfLink(ETH0), profile: 'x' }];
    expect(said({ networks }, { ip: ip('192.168.9.9'), relay: {} }).profile).toBe('x');
    expect(said({ networks: [], profile: 'all' }, { ip: ip('192.168.9.9'), relay: {} })).toMatchObject({
      profile: 'all',
      nextServer: SERVER,
    });
  });

  test('U-Boot and HTTP firmware are known by their own option 60', () => {
    const rules = (vendorClass: string): Rule[] => [
      { match: { vendorClass: [vendorClass] }, says: { profile: 'x' } },
    ];
    expect(said({ rules: rules('U-Boot') }, { arch: archOf(22) }).profile).toBe('x');
    expect(said({ rules: rules('U-Boot') }, { kind: 'u-boot' }).profile).toBe('x');
    expect(said({ rules: rules('HTTPClient:Arch:00016') }, { arch: archOf(16) }).profile).toBe('x');
  });

  test('whatever a machine says its name is, nothing is thrown', () => {
    for (const hostname of ['', '\u{1F600}', 'x'.repeat(300), '\0']) {
      expect(said({ profile: 'all' }, { hostname }).profile).toBe('all');
    }
  });
});
