import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const ARCH = ['x86PC', 'x86-64_EFI', 'ARM64_EFI'];

function problemsOf(text: string): string[] {
  const loaded = loadConfig(`version: 1\n${text}`, { file: 'f', archNames: ARCH });
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function configOf(text: string) {
  const loaded = loadConfig(`version: 1\n${text}`, { file: 'f', archNames: ARCH });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.value;
}

function optionsOf(options: readonly { code: number; body: Uint8Array }[] | undefined) {
  return (options ?? []).map(({ code, body }) => `${code} ${toHex(body)}`);
}

test('loadConfig() reads ranges for everybody and for some', () => {
  const [network] = configOf(`
networks:
  - subnet: 10.0.0.0/24
    range:
      - 10.0.0.10-10.0.0.19
      - { range: [10.0.0.20, 10.0.0.22], allow: known }
      - { range: 10.0.0.30-10.0.0.39, deny: [known, bootp] }
`).networks;
  const ip = (last: number) => parseIpv4(`10.0.0.${last}`);
  expect(network?.range).toEqual([
    { first: ip(10), last: ip(19) },
    { range: [20, 22].map((last) => ({ first: ip(last), last: ip(last) })), allow: ['known'] },
    { range: [{ first: ip(30), last: ip(39) }], deny: ['known', 'bootp'] },
  ]);
});

test('loadConfig() makes one spelling of UUIDs and of the ids of relays', () => {
  const { hosts } = configOf(`
hosts:
  - { uuid: 564D8A10-97C2-4F05-9D3A-0123456789AB }
  - { uuid: "00000000000040008000000000000001" }
  - { circuit-id: eth0/1, remote-id: "hex:00:06:AB" }
`);
  expect(hosts).toEqual([
    { uuid: '564d8a10-97c2-4f05-9d3a-0123456789ab' },
    { uuid: '00000000-0000-4000-8000-000000000001' },
    { 'circuit-id': '657468302f31', 'remote-id': '0006ab' },
  ]);
});

test('loadConfig() gives hosts and networks what their templates say, the nearer word first', () => {
  const config = configOf(`
templates:
  base: { lease: 1h, filename: base.0, options: { 42: "hex:0a000001", 224: base }, tags: [base] }
  mid: { template: base, filename: mid.0, options: { 224: mid } }
  late: { filename: late.0, lease-boot: 5m, tags: late }
networks:
  - { subnet: 10.0.0.0/24, template: base, lease: 2h }
hosts:
  - { mac: 52:54:00:00:00:01, template: [mid, late], options: { 225: own }, tags: own }
  - { mac: 52:54:00:00:00:02, template: [late, mid] }
`);
  expect(config.networks[0]).toMatchObject({ lease: 7200, filename: 'base.0', tags: ['base'] });
  const [first, second] = config.hosts;
  expect(first).toMatchObject({
    lease: 3600,
    'lease-boot': 300,
    filename: 'late.0',
    tags: ['base', 'late', 'own'],
  });
  expect(optionsOf(first?.options)).toEqual(['42 0a000001', '224 6d6964', '225 6f776e']);
  expect(second).toMatchObject({ filename: 'mid.0', 'lease-boot': 300 });
});

test('loadConfig() puts many templates of templates together, each once', () => {
  const chain = Array.from({ length: 60 }, (_, i) => `  t${i}: { template: [t${i + 1}, t${i + 1}] }`).join(
    '\n',
  );
  const config = configOf(
    `templates:\n${chain}\n  t60: { lease: 1h }\nhosts:\n  - { hostname: a, template: t0 }`,
  );
  expect(config.hosts[0]?.lease).toBe(3600);
});

test('loadConfig() reads rules', () => {
  const { rules } = configOf(`
rules:
  - match: { mac: 52-54-00, arch: [x86-64_efi, 16], stage: firmware, vendor-class: PXEClient }
    then: { filename: a.efi, lease: 10m, continue: true }
  - then: { ignore: true }
`);
  expect(rules).toEqual([
    {
      match: {
        mac: ['52:54:00'],
        arch: ['x86-64_efi', 16],
        stage: ['firmware'],
        'vendor-class': ['PXEClient'],
      },
      // biome-ignore lint/suspicious/noThenProperty: the key of the configuration.
      then: { filename: 'a.efi', lease: 600, continue: true },
    },
    // biome-ignore lint/suspicious/noThenProperty: the key of the configuration.
    { match: {}, then: { ignore: true } },
  ]);
});

test('loadConfig() takes name servers among the options of all networks', () => {
  expect(optionsOf(configOf('options: { domain-name-servers: 10.0.0.1, domain-name: lab }').options)).toEqual(
    ['6 0a000001', '15 6c6162'],
  );
});

const NET = 'networks:\n  - subnet: 10.0.0.0/24\n';

test.each<[name: string, text: string, want: string]>([
  [
    'a range that is none',
    `${NET}    range: [10.0.0.9, x]`,
    'f:4: networks[0].range[1]: expected a range like 192.168.77.100-192.168.77.199, got "x"',
  ],
  [
    'a mistake inside a range for some',
    `${NET}    range:\n      - range: 10.0.0.9\n        alow: [known]`,
    'f:6: networks[0].range[0].alow: no such key',
  ],
  [
    'a range for some outside of the subnet',
    `${NET}    range:\n      - allow: known\n        range:\n          - 10.0.0.9\n          - 10.0.1.9`,
    'f:8: networks[0].range[0].range[1]: 10.0.1.9 is not in 10.0.0.0/24',
  ],
  [
    'a range that is for some and for all',
    `${NET}    range:\n      - 10.0.0.1-10.0.0.99\n      - { range: 10.0.0.99, allow: known }`,
    'f:6: networks[0].range[1].range[0]: overlaps 10.0.0.1-10.0.0.99 above, which is for others',
  ],
  [
    'a tag nobody has',
    `${NET}    range: { range: 10.0.0.9, allow: knwon }`,
    'f:4: networks[0].range[0]: no network, host or rule gives the tag "knwon"; did you mean known?',
  ],
  [
    'a tag with blanks',
    `${NET}    tags: [a b]`,
    'f:4: networks[0].tags[0]: a tag is made of letters, digits, _ . and -',
  ],
  [
    'an option without a name',
    `${NET}    options:\n      mtu: 1400\n      mtuu: 1400`,
    'f:6: networks[0].options.mtuu: no such option; did you mean mtu?',
  ],
  [
    'an option twice',
    `${NET}    options: { mtu: 1400, 26: "hex:0578" }`,
    'f:4: networks[0].options.mtu: is option 26, which is set already',
  ],
  [
    'an ill-typed option of all networks',
    'options:\n  ntp-servers: 5',
    'f:3: options.ntp-servers: expected an IPv4 address like 192.168.77.1, got 5',
  ],
  ['a router for all networks', 'options: { routers: 10.0.0.1 }', 'f:2: options.routers: use routers'],
  [
    'an option of a host that pxed sets',
    'hosts:\n  - mac: 52:54:00:00:00:01\n    options: { server-id: 10.0.0.1 }',
    'f:4: hosts[0].options.server-id: pxed sets this option itself',
  ],
  ['a UUID that is none', 'hosts: [{ uuid: 564d8a10-97c2 }]', 'f:2: hosts[0].uuid: expected a UUID like'],
  [
    'a UUID twice, once as firmware spells it',
    'hosts:\n  - uuid: 564d8a10-97c2-4f05-9d3a-0123456789ab\n  - uuid: 108a4d56-c297-054f-9d3a-0123456789ab',
    'f:4: hosts[1].uuid: is that of hosts[0] already, which spells it 564d8a10-97c2-4f05-9d3a-0123456789ab',
  ],
  [
    'a MAC twice in one network',
    `networks: [{ subnet: 10.0.0.0/24 }, { subnet: 10.0.1.0/24 }]\nhosts:\n  - { mac: 52:54:00:00:00:01, address: 10.0.0.9 }\n  - { mac: 52:54:00:00:00:01, address: 10.0.0.8 }`,
    'f:5: hosts[1].mac: is that of hosts[0] already',
  ],
  ['a relay alone', 'hosts: [{ relay: 10.0.0.1 }]', 'f:2: hosts[0]: needs one of'],
  [
    'a template nobody wrote',
    'templates: { lab: {} }\nhosts:\n  - { hostname: a, template: [lab, lap] }',
    'f:4: hosts[0].template[1]: no such template; did you mean lab?',
  ],
  [
    'a template of itself',
    'templates:\n  a: { template: b }\n  b: { template: [c, a] }\n  c: {}',
    'f:3: templates.a.template: leads back to itself: a -> b -> a',
  ],
  [
    'a name that every object has',
    'hosts:\n  - { hostname: a, template: toString }',
    'f:3: hosts[0].template[0]: no such template',
  ],
  [
    'an unknown architecture in a rule',
    'rules:\n  - match:\n      arch: [7, x86-64_EFY]\n    then: { filename: a }',
    'f:4: rules[0].match.arch[1]: no such architecture; did you mean x86-64_EFI?',
  ],
  [
    'a rule that says nothing',
    'rules: [{ match: { mac: 52:54 }, then: { continue: true } }]',
    'f:2: rules[0].then: says nothing',
  ],
  [
    'a rule for nobody',
    'rules: [{ match: { tag: [] }, then: { ignore: true } }]',
    'f:2: rules[0].match.tag: needs at least one value',
  ],
  [
    'a rule behind one for everybody',
    'rules:\n  - then: { lease: 1h }\n  - then: { lease: 2h }',
    'f:4: rules[1]: is never reached: rules[0] is about everybody',
  ],
  [
    'lease bounds of a rule',
    'rules: [{ then: { lease-min: 2h, lease-max: 1h } }]',
    'f:2: rules[0].then.lease-min: must not be longer than lease-max',
  ],
  [
    'a relay of two networks',
    'networks:\n  - { subnet: 10.0.0.0/24, relays: [10.9.0.1] }\n  - subnet: 10.0.1.0/24\n    relays: [10.9.0.1]',
    'f:5: networks[1].relays[0]: 10.9.0.1 leads to 10.0.0.0/24 already',
  ],
  [
    'a long path',
    `hosts: [{ hostname: a, filename: ${'a'.repeat(128)} }]`,
    'f:2: hosts[0].filename: must fit the 127 octets of the DHCP header field "file"',
  ],
  [
    'a next server that is none',
    `${NET}    next-server: here`,
    'f:4: networks[0].next-server: expected auto or an IPv4 address like 192.168.77.1, got "here"',
  ],
])('loadConfig() refuses %s', (_, text, want) => {
  expect(problemsOf(text).map((line) => line.slice(0, want.length))).toContain(want);
});

test.each<[name: string, text: string]>([
  [
    'a machine with an address in each of two networks',
    `networks: [{ subnet: 10.0.0.0/24 }, { subnet: 10.0.1.0/24 }]\nhosts:\n  - { mac: 52:54:00:00:00:01, address: 10.0.0.9 }\n  - { mac: 52:54:00:00:00:01, address: 10.0.1.9 }`,
  ],
  [
    'one port at two switches',
    'hosts: [{ circuit-id: "7", remote-id: a }, { circuit-id: "7", remote-id: b }]',
  ],
  [
    'a relay of networks that share a link',
    'networks:\n  - { subnet: 10.0.0.0/24, shared-network: a, relays: 10.9.0.1 }\n  - { subnet: 10.0.1.0/24, shared-network: a, relays: 10.9.0.1 }',
  ],
  [
    'a relay that stands in another network',
    'networks:\n  - { subnet: 10.0.0.0/24, relays: [10.0.1.2] }\n  - subnet: 10.0.1.0/24',
  ],
  ['a long URL as boot file', `hosts: [{ hostname: a, filename: "http://a.example/${'a'.repeat(150)}" }]`],
  [
    'a tag that a rule gives',
    'rules: [{ then: { tags: x, continue: true } }, { match: { tag: x }, then: { ignore: true } }]',
  ],
])('loadConfig() takes %s', (_, text) => {
  expect(problemsOf(text)).toEqual([]);
});

test('loadConfig() never throws, whatever networks, hosts, templates and rules are', () => {
  const leaf = fc.constantFrom(
    'a',
    'b',
    '10.0.0.0/24',
    '10.0.0.1',
    '52:54:00',
    1,
    true,
    null,
    'known',
    'hex:00',
  );
  const entry = fc.dictionary(
    fc.constantFrom(
      'subnet',
      'template',
      'range',
      'allow',
      'options',
      'match',
      'then',
      'mac',
      'tags',
      'relays',
      '43',
    ),
    fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.constantFrom('a', 'range', 'tag', 'arch', 'mtu'), leaf)),
  );
  const top = fc.record(
    {
      networks: fc.array(entry),
      hosts: fc.array(entry),
      rules: fc.array(entry),
      templates: fc.dictionary(fc.constantFrom('a', 'b'), entry),
      options: entry,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(top, (value) => {
      const loaded = loadConfig(JSON.stringify({ version: 1, ...value }), { file: 'f', archNames: ARCH });
      if (!loaded.ok) for (const problem of loaded.problems) expect(problem.message).not.toBe('');
    }),
  );
});
