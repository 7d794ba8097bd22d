import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultConfig, formatProblem, loadConfig } from '../../src/config/load.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const ARCH = ['x86PC', 'x86-64_EFI', 'ARM64_EFI'];

function problemsOf(text: string): string[] {
  const loaded = loadConfig(text, { file: 'pxed.yaml', archNames: ARCH });
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function configOf(text: string) {
  const loaded = loadConfig(text, { file: 'pxed.yaml', archNames: ARCH });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.value;
}

test('loadConfig() gives numbers for addresses, seconds for times, octets for sizes', () => {
  const config = configOf(`
version: 1
networks:
  - subnet: 192.168.77.0/24
    range: 192.168.77.100-192.168.77.199
    lease: 90m
hosts:
  - mac: 52-54-00-12-34-5A
    address: 192.168.77.10
tftp: { upload-max: 2k, ports: 30000-30010 }
`);
  const [network] = config.networks;
  expect(network?.subnet).toEqual({ network: parseIpv4('192.168.77.0'), length: 24 });
  expect(network?.range).toEqual([{ first: parseIpv4('192.168.77.100'), last: parseIpv4('192.168.77.199') }]);
  expect(network?.lease).toBe(5400);
  expect(config.hosts[0]).toEqual({ mac: '52:54:00:12:34:5a', address: parseIpv4('192.168.77.10') });
  expect(config.tftp['upload-max']).toBe(2048);
  expect(config.tftp.ports).toEqual({ first: 30_000, last: 30_010 });
});

test('loadConfig() reads a MAC without quotes as text, as YAML 1.2 has it', () => {
  expect(configOf('version: 1\nhosts: [{mac: 52:54:00:12:34:56}]').hosts[0]?.mac).toBe('52:54:00:12:34:56');
});

test('loadConfig() reports every mistake at once, each with file, line and path', () => {
  const text = `version: 1
interfaces: [eth0]
moed: dhcp
networks:
  - subnet: 192.168.77.1/24
    lease: 1y
  - subnet: 10.0.0.0/8
    options: { 208: "hex:zz" }
hosts:
  - mac: 52:54:00:12:34
    address: 10.1
tftp:
  writes: maybe
  windowsize-max: 0
`;
  expect(problemsOf(text)).toEqual([
    'pxed.yaml:3: moed: no such key; did you mean mode?',
    'pxed.yaml:5: networks[0].subnet: expected a subnet like 192.168.77.0/24 with its host bits zero, got "192.168.77.1/24"',
    'pxed.yaml:6: networks[0].lease: expected a time like 90s, 12h or infinite, got "1y"',
    'pxed.yaml:8: networks[1].options.208: expected pairs of hex digits after hex:, got "hex:zz"',
    'pxed.yaml:10: hosts[0].mac: expected a MAC address like 52:54:00:12:34:56, got "52:54:00:12:34"',
    'pxed.yaml:11: hosts[0].address: expected an IPv4 address like 192.168.77.1, got 10.1',
    'pxed.yaml:13: tftp.writes: expected one of off, create, overwrite, got "maybe"',
    'pxed.yaml:14: tftp.windowsize-max: must be at least 1, got 0',
  ]);
});

test.each([
  ['no version', 'interfaces: [eth0]', 'pxed.yaml:1: version: must be 1, the only version there is'],
  ['broken YAML', 'version: 1\nboot: {filename: a', 'pxed.yaml:2: '],
  ['a key twice', 'version: 1\nmode: dhcp\nmode: off', 'pxed.yaml:3: Map keys must be unique'],
  [
    'a range outside its subnet',
    'version: 1\nnetworks:\n  - {subnet: 10.0.0.0/8, range: 10.1.1.1-11.1.1.1}',
    'pxed.yaml:3: networks[0].range[0]: 11.1.1.1 is not in 10.0.0.0/8',
  ],
  [
    'overlapping networks',
    'version: 1\nnetworks:\n  - subnet: 10.0.0.0/8\n  - subnet: 10.1.0.0/16',
    'pxed.yaml:4: networks[1].subnet: overlaps 10.0.0.0/8 above',
  ],
  [
    'a MAC twice',
    'version: 1\nhosts:\n  - mac: 52:54:00:12:34:56\n  - mac: 52:54:00:12:34:56',
    'pxed.yaml:4: hosts[1].mac: is that of hosts[0] already',
  ],
  [
    'an address twice',
    'version: 1\nhosts:\n  - {mac: 52:54:00:12:34:56, address: 10.0.0.9}\n  - {mac: 52:54:00:12:34:57, address: 10.0.0.9}',
    'pxed.yaml:4: hosts[1].address: is that of hosts[0] already',
  ],
  [
    'a host nobody can be',
    'version: 1\nhosts:\n  - address: 10.0.0.1',
    'pxed.yaml:3: hosts[0]: needs one of client-id, mac, uuid, remote-id, circuit-id, hostname to be known by',
  ],
  [
    'a host outside all networks',
    'version: 1\nnetworks: [{subnet: 10.0.0.0/8}]\nhosts:\n  - {mac: 52:54:00:12:34:56, address: 11.0.0.1}',
    'pxed.yaml:4: hosts[0].address: 11.0.0.1 is in none of the networks',
  ],
  [
    'a host with a broadcast address',
    'version: 1\nnetworks: [{subnet: 10.0.0.0/8}]\nhosts:\n  - {mac: 52:54:00:12:34:56, address: 10.255.255.255}',
    "pxed.yaml:4: hosts[0].address: 10.255.255.255 is the broadcast address of 10.0.0.0/8, no machine's address",
  ],
  [
    'an option that is pxed’s own',
    'version: 1\nnetworks:\n  - subnet: 10.0.0.0/8\n    options:\n      53: hex:01',
    'pxed.yaml:5: networks[0].options.53: pxed sets this option itself',
  ],
  [
    'an unknown architecture',
    'version: 1\nboot:\n  arch:\n    x86-64_EFY: a.efi',
    'pxed.yaml:4: boot.arch.x86-64_EFY: no such architecture; did you mean x86-64_EFI?',
  ],
  [
    'a long file name',
    `version: 1\nboot:\n  filename: ${'a'.repeat(128)}`,
    'pxed.yaml:3: boot.filename: must fit the 127 octets of the DHCP header field "file"',
  ],
  [
    'ports beside single-port',
    'version: 1\ntftp:\n  single-port: true\n  ports: 30000-30010',
    'pxed.yaml:4: tftp.ports: has no effect with single-port: choose one of the two',
  ],
  [
    'an interface named twice',
    'version: 1\ninterfaces: [eth0, eth0]',
    'pxed.yaml:2: interfaces: names an interface twice',
  ],
  [
    'a word of YAML 1.1',
    'version: 1\nanswer-all: yes',
    'pxed.yaml:2: answer-all: expected true or false, got "yes"',
  ],
  [
    'a map for a list',
    'version: 1\nhosts:\n  mac: 52:54:00:12:34:56',
    'pxed.yaml:2: hosts: expected a list (entries',
  ],
  [
    'a key without a value',
    'version: 1\nboot:\n',
    'pxed.yaml:2: boot: expected keys with values, indented below, got',
  ],
  ['an empty name', 'version: 1\nboot: { filename: "" }', 'pxed.yaml:2: boot.filename: must not be empty'],
  ['a number for text', 'version: 1\nstate: 5', 'pxed.yaml:2: state: expected text, got 5'],
  [
    'a range the wrong way round',
    'version: 1\nnetworks:\n  - {subnet: 10.0.0.0/8, range: 10.0.0.9-10.0.0.1}',
    'pxed.yaml:3: networks[0].range[0]: "10.0.0.9-10.0.0.1" ends before it begins',
  ],
  [
    'a slip in a key of a list',
    'version: 1\nhosts:\n  - { mac: 52:54:00:12:34:56, adress: 10.0.0.1 }',
    'pxed.yaml:3: hosts[0].adress: no such key; did you mean address?',
  ],
  [
    'an entry indented too far',
    'version: 1\nnetworks:\n  - subnet: 10.0.0.0/8\n   range: 10.0.0.1-10.0.0.9',
    'pxed.yaml:4: Sequence item without - indicator; look at how this line and the one above are indented',
  ],
  ['an alias of no anchor', 'version: 1\nmode: *nope', 'pxed.yaml:2: there is no anchor &nope'],
  [
    'two documents',
    'version: 1\n---\nversion: 1',
    'pxed.yaml:2: another document begins here; a file is one',
  ],
  ['an anchor that contains itself', 'version: 1\nmode: &a [*a]', 'pxed.yaml:2: mode: '],
])('loadConfig() refuses %s', (_, text, want) => {
  expect(problemsOf(text).map((line) => line.slice(0, want.length))).toContain(want);
});

test('loadConfig() takes a number for an architecture', () => {
  expect(configOf('version: 1\nboot: {arch: {7: a.efi}}').boot.arch).toEqual({ 7: 'a.efi' });
});

test('defaultConfig() is what an empty file with a version means', () => {
  expect(defaultConfig()).toEqual(configOf('version: 1'));
  expect(defaultConfig().boot.filename).toBe('pxelinux.0');
});

test('loadConfig() never throws', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .object({
        key: fc.constantFrom('version', 'boot', 'arch', 'hosts', 'networks', 'tftp', 'mac', 'subnet'),
      })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (input) => {
      const loaded = loadConfig(input, { file: 'f', archNames: ARCH });
      if (!loaded.ok) for (const problem of loaded.problems) expect(problem.line).toBeGreaterThan(0);
    }),
  );
});
