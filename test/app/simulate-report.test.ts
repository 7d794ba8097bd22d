import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ARCH_NAMES } from '../../src/app/arch-names.ts';
import type { Setup } from '../../src/app/setup.ts';
import { type Machine, reportSimulation, type SimulateQuestion } from '../../src/app/simulate-report.ts';
import { loadConfig } from '../../src/config/load.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { createSqliteProgress } from '../../src/store/boot-progress.ts';

const MAC = '52:54:00:12:34:56';
const UUID = '564d8a10-97c2-054f-9d3a-0123456789ab';
const NOW = Date.UTC(2026, 0, 1);
const CONFIG = `version: 1
interfaces: [eth7]
networks:
  - { subnet: 10.0.0.0/24, range: [10.0.0.50-10.0.0.99] }
`;
const PROFILES = `profiles:
  install: { kernel: linux, args: "ip=\${ip} name=\${hostname}", once: until-fetched }
rules:
  - { match: { stage: os }, then: { ignore: true } }
  - { match: { mac: "52:54:00" }, then: { profile: install, filename: special.0 } }
`;
const ETH7 = {
  ...{
    name: 'eth7',
    index: 2,
    mac: '52:54:00:00:00:01',
    mtu: 1500,
    up: true,
    running: true,
    loopback: false,
  },
  addresses: [{ address: parseIpv4('10.0.0.3')!, prefixLength: 24 }],
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-simulate-'));
  for (const name of ['root/pxelinux.0', 'root/special.0', 'root/linux', 'state/readme']) put(name, name);
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function setupOf(text: string, state = 'memory'): Setup {
  const more = `tftp: { root: ${join(folder, 'root')} }\nstate: ${state}\n`;
  const loaded = loadConfig(text + more, { file: 'pxed.yaml', archNames: ARCH_NAMES });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { tool: 'pxed', config: loaded.value, overrides: {} };
}

const ROM: Machine = { mac: MAC, arch: 'x86PC' };

async function simulate(question: Partial<SimulateQuestion>, setup = setupOf(CONFIG), interfaces = [ETH7]) {
  const [out, err]: string[][] = [[], []];
  const io = {
    out: { write: (text: string) => out!.push(text) },
    err: { write: (text: string) => err!.push(text) },
  };
  const whole = { machine: ROM, ...question };
  const code = await reportSimulation(setup, whole, { ...io, now: () => NOW, interfaces });
  return { code, out: out!.join(''), err: err!.join('') };
}

async function told(question: Partial<SimulateQuestion>, setup?: Setup) {
  const { code, out } = await simulate({ ...question, json: true }, setup);
  return { code, ...JSON.parse(out) };
}

test('reportSimulation() tells both replies option by option, the decision and the names that are asked for', async () => {
  put('root/pxelinux.cfg/0A00', 'DEFAULT x');
  const { code, out, err } = await simulate({ machine: { ...ROM, uuid: UUID } });
  expect([code, err]).toEqual([0, '']);
  for (const line of [
    /^On eth7 \(10\.0\.0\.3\/24\)$/m,
    /^OFFER, \d+ octets, broadcast port 68, from 10\.0\.0\.3$/m,
    /^ACK, \d+ octets, broadcast port 68, from 10\.0\.0\.3$/m,
    /^ {3}53 message-type +ACK$/m,
    /^ {4}1 subnet-mask +255\.255\.255\.0$/m,
    /^ {3}43 vendor-specific +\{"discoveryControl":8\}$/m,
    /^ {3}54 server-id +10\.0\.0\.3$/m,
    /^ {3}67 bootfile-name +pxelinux\.0$/m,
    /^ {2}0000 {2}02 01 06 00 /m,
    /^ {2}x86PC: the named boot file$/m,
    /^ {2}pxelinux\.cfg\/108a4d56-c297-4f05-9d3a-0123456789ab: not there\n {2}pxelinux\.cfg\/01-52-54-00-12-34-56: not there$/m,
    /^ {2}pxelinux\.cfg\/0A00: a file of the tree \(9 B\)$/m,
  ]) {
    expect(out).toMatch(line);
  }
  expect(out).not.toContain('pxelinux.cfg/default');
});

test('reportSimulation() tells the rules, and the profile that wins, with its text', async () => {
  const { lookups, exchanges, boot } = await told({}, setupOf(CONFIG + PROFILES));
  expect(exchanges.at(-1).rules).toEqual(['rules[0]: stage does not fit', 'rules[1]: matches']);
  expect(boot).toMatchObject({ file: 'special.0', reason: 'rules[1]: its file' });
  expect(lookups.bootFile).toEqual({ name: 'special.0', found: 'file', sizeBytes: 14 });
  const ipxe = await told(
    { machine: { ...ROM, stage: 'ipxe' } },
    setupOf(CONFIG + PROFILES.replace(', filename: special.0', '')),
  );
  const { yiaddr } = ipxe.exchanges[0].reply.header;
  expect(ipxe.lookups).toMatchObject({
    loader: 'script',
    names: [
      { name: 'boot.ipxe', found: 'rendered', profile: 'install', reason: 'profile install by rules[1]' },
    ],
  });
  expect(ipxe.lookups.names[0].text).toContain(`ip=${yiaddr}`);
});

test('reportSimulation() says why there is no answer', async () => {
  const setup = setupOf(CONFIG + PROFILES);
  const ignored = await simulate({ machine: { ...ROM, stage: 'os' } }, setup);
  expect(ignored.code).toBe(1);
  expect(ignored.out).toContain('a rule says to ignore it');
  expect(ignored.out).toContain('no answer');
  expect(ignored.out).toContain('rules[0]: matches');
  const stranger = await simulate({ machine: { ...ROM, stage: 'bootp' } });
  expect(stranger).toMatchObject({ code: 1, out: expect.stringContaining('BOOTP ignored') });
});

test('reportSimulation() knows the way through a relay, and an address of another server', async () => {
  const far = await told({ machine: { ...ROM, via: parseIpv4('10.0.0.9')! } });
  expect(far.exchanges[0].reply.destination).toEqual({
    kind: 'unicast',
    ip: '10.0.0.9',
    port: 67,
    from: '10.0.0.3',
  });
  const proxy = await told({ proxy: true, ip: parseIpv4('10.0.0.200')! }, setupOf(CONFIG + PROFILES));
  expect(proxy.exchanges[0].reply.header).not.toHaveProperty('yiaddr');
  expect(proxy.exchanges[1]).not.toHaveProperty('reply');
  expect(proxy.exchanges[1].events).toMatchObject([{ why: 'address-server' }]);
  const lost = await simulate({ proxy: true });
  expect(lost.out).toContain('its address is not known');
});

test('reportSimulation() makes up an interface that is not here, and says so', async () => {
  const { out } = await simulate({}, setupOf(CONFIG), []);
  expect(out).toContain('there is no interface eth7 here: taken to have 10.0.0.1/24');
  const { out: bare } = await simulate({}, setupOf('version: 1\n'), []);
  expect(bare).toContain('On eth0 (192.0.2.1/24)');
});

test('reportSimulation() knows what a machine got through, and leaves the folder as it is', async () => {
  const state = join(folder, 'state');
  const progress = createSqliteProgress(join(state, 'boot.db'));
  progress.load();
  progress.put(MAC, {
    profile: 'install',
    fetched: ['linux'],
    state: 'fetched',
    since: 1,
    finished: ['install'],
  });
  progress.save();
  const setup = setupOf(CONFIG + PROFILES.replace(', filename: special.0', ''), state);
  const before = () => readdirSync(state).map((name) => [name, readFileSync(join(state, name)).length]);
  const then = before();
  const { lookups, notes } = await told({}, setup);
  expect(lookups.names[0]).toMatchObject({ found: 'rendered', profile: 'local' });
  expect(lookups.names[0].reason).toContain('install is done');
  expect(notes).toContain(`nothing is kept in ${join(state, 'leases.db')}`);
  expect(before()).toEqual(then);
  progress.close();
});

test('reportSimulation() goes on without a store that cannot be read', async () => {
  put('state/leases.db', 'no database at all');
  const { code, notes } = await told({}, setupOf(CONFIG, join(folder, 'state')));
  expect(code).toBe(0);
  expect(notes[0]).toContain(`cannot be read: ${join(folder, 'state/leases.db')}`);
});

test('reportSimulation() says what pxed would not start with', async () => {
  rmSync(join(folder, 'root/pxelinux.0'));
  expect(await simulate({})).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('Cannot boot from pxelinux.0'),
  });
  rmSync(join(folder, 'root'), { recursive: true });
  expect((await simulate({})).err).toContain('no such folder');
});

test('reportSimulation() answers captured octets with their own transaction', async () => {
  const golden = (name: string) =>
    fromHex(
      readFileSync(join(import.meta.dirname, '../golden', name), 'utf8')
        .split('\n')
        .map((line) => line.replace(/#.*/, ''))
        .join(' '),
    );
  const { exchanges } = await told({ machine: { requests: [golden('01-discover-pxe-bios.hex')] } });
  expect(exchanges.map((one: { reply: { header: object } }) => one.reply.header)).toMatchObject([
    { type: 'OFFER', xid: '0x3903f326', chaddr: '52:54:00:ec:33:81' },
    { type: 'ACK', xid: '0x3903f326' },
  ]);
  const http = await told({ machine: { requests: [golden('15-discover-uefi-http.hex')] } });
  expect(http.exchanges[0].events[0].why).toBe('no-boot-file');
});

test('reportSimulation() takes any octets for a request, and throws at none', async () => {
  const setup = setupOf(CONFIG + PROFILES);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const { code } = await simulate({ machine: { requests: [bytes] }, json: true }, setup);
      expect([0, 1, 2]).toContain(code);
    }),
    { numRuns: 100 },
  );
  const { code, err } = await simulate({ machine: { requests: [new Uint8Array(3)] } });
  expect([code, err]).toEqual([2, 'pxectl: That is no request of a DHCP or BOOTP client: short-header\n']);
});
