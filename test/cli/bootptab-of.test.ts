import { expect, test } from 'vitest';
import type { Tool } from '../../src/app/setup.ts';
import { setupOf } from '../../src/cli/setup-of.ts';

const TABLE = '.all:sm=255.255.255.0:\nnode1:ha=525400000001:ip=192.168.77.10:tc=.all:\n';

function read(tool: Tool, options: { config?: string; bootptab?: string }, files: Record<string, string>) {
  const readText = (file: string) => {
    const text = files[file];
    if (text === undefined) throw new Error(`ENOENT: ${file}`);
    return text;
  };
  const positional = tool === 'pxed' ? ['eth0', '/tftp', 'pxelinux.0'] : ['eth0', 'pxelinux.0'];
  return setupOf({ tool, positional, options }, { readText, archNames: [] });
}

function problems(options: { config?: string; bootptab?: string }, files: Record<string, string>) {
  const result = read('pxed', options, files);
  return result.ok ? [] : result.problems;
}

test.each<{ tool: Tool; options: { config?: string; bootptab?: string } }>([
  { tool: 'pxed', options: { bootptab: 'tab' } },
  { tool: 'pxed', options: { config: 'yaml' } },
  { tool: 'dhcpd', options: { bootptab: 'tab' } },
  { tool: 'bootpd', options: { bootptab: 'tab' } },
  { tool: 'bootpd', options: { config: 'other', bootptab: 'tab' } },
])('setupOf() $tool $options has the machines of the bootptab', ({ tool, options }) => {
  const files = { tab: TABLE, yaml: 'version: 1\nbootptab: tab\n', other: 'version: 1\nbootptab: missing\n' };
  const result = read(tool, options, files);
  if (!result.ok) throw new Error(result.problems.join());
  expect(result.value.bootptab).toMatchObject([{ name: 'node1', mac: '52:54:00:00:00:01' }]);
});

test('setupOf() bootpd answers everybody, or the machines of its bootptab', () => {
  const range = (options: { bootptab?: string }) => {
    const result = read('bootpd', options, { tab: TABLE });
    return result.ok && result.value.config.bootp.range;
  };
  expect(range({})).toBe('network');
  expect(range({ bootptab: 'tab' })).toEqual([]);
});

test('setupOf() names what is wrong with a bootptab: file and line', () => {
  expect(problems({ bootptab: 'tab' }, {})).toEqual(['Cannot read the bootptab tab: ENOENT: tab']);
  expect(problems({ bootptab: 'tab' }, { tab: 'a:ha=52:\nb:zz=1:\n' })).toEqual([
    'tab:1: a: 52 has 1 octets, not 6',
    'tab:2: b:zz: no such tag',
  ]);
});

test('setupOf() names what is wrong between a bootptab and the configuration', () => {
  const hosts = (lines: string) => `version: 1\nbootptab: tab\nhosts:\n${lines}`;
  const twin = '  - mac: 52:54:00:00:00:01\n';
  const holder = '  - mac: 52:54:00:00:00:02\n    address: 192.168.77.10\n';
  const check = (yaml: string) => problems({ config: 'yaml' }, { yaml, tab: TABLE });
  expect(check(hosts(twin))).toEqual(['tab:2: node1: is hosts[0] of the configuration already']);
  expect(check(hosts(holder))).toEqual(['tab:2: node1: has the address of hosts[0] of the configuration']);
  expect(check('version: 1\nbootptab: tab\nnetworks:\n  - subnet: 10.0.0.0/24\n')).toEqual([
    'tab:2: node1: 192.168.77.10 is in none of the networks',
  ]);
});

test('setupOf() finds names in /etc/hosts and /etc/ethers', () => {
  const files = {
    tab: 'printer:ds=ns:bf=x:\n',
    '/etc/hosts':
      '127.0.0.1 localhost\n::1 localhost\n192.168.77.20\tprinter.lab Printer # by name\n10.0.0.53 ns\n',
    '/etc/ethers': '# comment\n8:0:20:4:98:8d printer\n',
  };
  const result = read('pxed', { bootptab: 'tab' }, files);
  if (!result.ok) throw new Error(result.problems.join());
  expect(result.value.bootptab).toMatchObject([
    {
      mac: '08:00:20:04:98:8d',
      address: 0xc0a8_4d14,
      options: [{ code: 6, body: Uint8Array.of(10, 0, 0, 53) }],
    },
  ]);
});

test('setupOf() a server without DHCP and BOOTP needs no bootptab', () => {
  const result = setupOf(
    { tool: 'ptftpd', positional: ['eth0', '/tftp'], options: { config: 'yaml' } },
    { readText: () => 'version: 1\nbootptab: missing\n', archNames: [] },
  );
  expect(result.ok).toBe(true);
});
