import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlProblem } from '../../../src/app/control-client.ts';
import { checkClock } from '../../../src/app/doctor/check-clock.ts';
import { checkDisk } from '../../../src/app/doctor/check-disk.ts';
import { checkRootFiles } from '../../../src/app/doctor/check-files.ts';
import { checkFirewall } from '../../../src/app/doctor/check-firewall.ts';
import { checkLinks } from '../../../src/app/doctor/check-links.ts';
import { checkPorts } from '../../../src/app/doctor/check-ports.ts';
import { checkRights } from '../../../src/app/doctor/check-rights.ts';
import { checkRunning } from '../../../src/app/doctor/check-running.ts';
import { checkSelinux } from '../../../src/app/doctor/check-selinux.ts';
import { checkServers } from '../../../src/app/doctor/check-servers.ts';
import { checkSurroundings } from '../../../src/app/doctor/check-surroundings.ts';
import { findingsText } from '../../../src/app/doctor/doctor.ts';
import { problem } from '../../../src/app/doctor/finding.ts';
import type { Found } from '../../../src/app/doctor/search-servers.ts';
import type { Status } from '../../../src/app/status-shape.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import { briefly, linkOf, lookOf, patientOf } from './patient.ts';

describe('checkLinks()', () => {
  const bridge = (stp: string) => ({
    files: {
      '/sys/class/net/eth0/bridge/stp_state': stp,
      '/sys/class/net/eth0/bridge/forward_delay': '1500\n',
      '/sys/class/net/eth0/brif/port1/state': '2\n',
      '/sys/class/net/port1/carrier': '1\n',
      '/sys/class/net/eth0/brif/port2/state': '0\n',
      '/sys/class/net/port2/carrier': '0\n',
    },
    folders: { '/sys/class/net/eth0/brif': ['port1', 'port2'] },
  });
  const strict = { files: { '/proc/sys/net/ipv4/conf/all/rp_filter': '1\n' } };
  const far = 'networks: [{subnet: 10.9.0.0/24}]';

  test.each([
    { name: 'a sound interface', links: [linkOf()], want: ['ok interface'] },
    { name: 'one that is not there', links: [], want: ['problem no-interface'] },
    {
      name: 'one that is down',
      links: [linkOf('eth0', { up: false, running: false })],
      want: ['problem interface-down'],
    },
    { name: 'no carrier', links: [linkOf('eth0', { running: false })], want: ['problem no-carrier'] },
    { name: 'no address', links: [linkOf('eth0', { cidr: '' })], want: ['problem no-address'] },
    {
      name: 'IPv6 alone, for files',
      lines: 'mode: off\nbootp: {enabled: false}',
      links: [linkOf('eth0', { cidr: '', ipv6: true })],
      want: ['ok interface'],
    },
    {
      name: 'a network without room',
      links: [linkOf('eth0', { cidr: '10.0.0.1/32' })],
      want: ['problem no-room'],
    },
    { name: 'a small MTU', links: [linkOf('eth0', { mtu: 1400 })], want: ['warning mtu-small'] },
    { name: 'jumbo frames', links: [linkOf('eth0', { mtu: 9000 })], want: ['warning mtu-large'] },
    {
      name: 'jumbo frames, and blocks that fit all',
      lines: 'tftp: {blksize-max: 1468}',
      links: [linkOf('eth0', { mtu: 9000 })],
      want: ['ok interface'],
    },
    {
      name: 'spanning tree',
      links: [linkOf()],
      look: bridge('1\n'),
      want: ['warning bridge-stp', 'warning bridge-port'],
    },
    { name: 'a bridge without it', links: [linkOf()], look: bridge('0\n'), want: ['warning bridge-port'] },
    {
      name: 'a port of a bridge',
      links: [linkOf()],
      look: { folders: { '/sys/class/net/eth0/brport': ['state'] } },
      want: ['warning bridge-member'],
    },
    { name: 'strict source filters, one network', links: [linkOf()], look: strict, want: ['ok interface'] },
    {
      name: 'strict source filters, a network behind a relay',
      lines: far,
      links: [linkOf()],
      look: strict,
      want: ['warning rp-filter'],
    },
    {
      name: 'loose source filters',
      lines: far,
      links: [linkOf()],
      look: { files: { '/proc/sys/net/ipv4/conf/eth0/rp_filter': '2' } },
      want: ['ok interface'],
    },
    {
      name: 'two interfaces on one network',
      links: [linkOf(), linkOf('eth1', { cidr: '10.0.0.2/24' })],
      look: strict,
      want: ['warning rp-filter', 'warning rp-filter'],
    },
  ])('sees $name', ({ lines = '', links, look = {}, want }) => {
    expect(briefly(checkLinks(patientOf(lines, { links }), lookOf(look)))).toEqual(want);
  });

  test('names the interface that was meant', () => {
    const look = lookOf({ interfaces: [linkOf('eth1'), linkOf('lo', { loopback: true })] });
    const [found] = checkLinks(patientOf('', { links: [] }), look);
    expect(found?.fix).toBe('Did you mean eth1?');
  });
});

describe('checkPorts()', () => {
  const owners = (ports: Record<number, string>) =>
    lookOf({ portOwner: (port) => ports[port], tcpPortOwner: (port) => ports[port] });

  test.each([
    { name: 'free ports', want: ['ok ports'] },
    {
      name: 'another DHCP server, in mode dhcp',
      lines: 'mode: dhcp',
      ports: { 67: 'dnsmasq, pid 812' },
      want: ['problem port-67'],
    },
    {
      name: 'another DHCP server, beside which pxed may stand',
      ports: { 67: 'dnsmasq, pid 812' },
      want: ['warning port-67'],
    },
    { name: 'another TFTP server', ports: { 69: 'in.tftpd, pid 9' }, want: ['problem port-tftp'] },
    { name: 'another boot server', ports: { 4011: 'dnsmasq, pid 812' }, want: ['problem port-4011'] },
    { name: 'a web server', ports: { 80: 'nginx, pid 7' }, want: ['warning port-http'] },
    {
      name: 'a web server on a port that is wanted',
      lines: 'http: {enabled: true}',
      ports: { 80: 'nginx, pid 7' },
      want: ['problem port-http'],
    },
    {
      name: 'what is not served',
      lines: 'mode: off\nbootp: {enabled: false}\nhttp: {enabled: false}',
      ports: { 67: 'dnsmasq, pid 812', 80: 'nginx, pid 7' },
      want: ['ok ports'],
    },
    { name: 'a pxed of unknown number', ports: { 67: 'pxed, pid 5', 69: 'pxed, pid 5' }, want: ['ok ports'] },
    {
      name: 'the pxed that runs',
      ports: { 67: 'node, pid 5', 69: 'node, pid 5' },
      pid: 5,
      want: ['ok ports'],
    },
    { name: 'ISC’s dhcpd', lines: 'mode: dhcp', ports: { 67: 'dhcpd, pid 5' }, want: ['problem port-67'] },
  ])('sees $name', ({ lines = '', ports = {}, pid, want }) => {
    const patient = patientOf(lines, pid === undefined ? {} : { running: { pid } });
    expect(briefly(checkPorts(patient, owners(ports)))).toEqual(want);
  });

  test.each([
    {
      name: 'UDP',
      files: { '/proc/self/net/udp': ' 12: 00000000:0045 00000000:0000 07 0:0 0:0 0 0 0 777\n' },
      want: ['problem port-tftp'],
    },
    {
      name: 'TCP, listening',
      files: { '/proc/self/net/tcp6': ' 0: 0:0050 0:0000 0A 0:0 0:0 0 0 0 9\n' },
      want: ['warning port-http'],
    },
    {
      name: 'TCP, a connection',
      files: { '/proc/self/net/tcp': ' 0: 0:0050 0:1234 01 0:0 0:0 0 0 0 9\n' },
      want: ['ok ports'],
    },
  ])('sees a port whose owner only root may see: $name', ({ files, want }) => {
    expect(briefly(checkPorts(patientOf(), lookOf({ files })))).toEqual(want);
    expect(briefly(checkPorts(patientOf('', { running: { pid: 1 } }), lookOf({ files })))).toEqual([
      'ok ports',
    ]);
  });

  test('says who it is and how to stop it', () => {
    const [found] = checkPorts(patientOf(), owners({ 69: 'in.tftpd, pid 9' }));
    expect(found).toMatchObject({
      text: 'UDP port 69 is in use by in.tftpd, pid 9',
      fix: 'Stop it: kill 9, or its service (in.tftpd)',
    });
  });
});

describe('checkRights()', () => {
  const start = { '/proc/sys/net/ipv4/ip_unprivileged_port_start': '1024\n' };
  test.each([
    { name: 'root', look: {}, want: ['ok capabilities'] },
    { name: 'a user', look: { uid: 1000, capabilities: [] }, want: ['warning capabilities'] },
    {
      name: 'a container without raw sockets',
      look: { capabilities: ['CAP_NET_BIND_SERVICE'] },
      want: ['problem capabilities'],
    },
    {
      name: 'a user who was granted them',
      look: { uid: 1000, capabilities: ['CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'] },
      want: ['ok capabilities'],
    },
    {
      name: 'root who must stay root',
      look: { capabilities: ['CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'] },
      want: ['warning stays-root'],
    },
    {
      name: 'files alone on a high port',
      lines: 'mode: off\nbootp: {enabled: false}\ntftp: {port: 6969}\nhttp: {enabled: false}',
      look: { uid: 1000, capabilities: [] },
      want: ['ok capabilities'],
    },
  ])('sees $name', ({ lines = '', look, want }) => {
    expect(briefly(checkRights(patientOf(lines), lookOf({ files: start, ...look })))).toEqual(want);
  });

  test('has nothing to say of a pxed that runs', () => {
    const look = lookOf({ uid: 1000, capabilities: [] });
    expect(checkRights(patientOf('', { running: { pid: 1 } }), look)).toEqual([]);
  });
});

describe('checkFirewall()', () => {
  const iptables = (rule: string) => `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
  const closed = `*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n`;
  const refused = { status: 1, out: '', err: 'Operation not permitted (you must be root)' };

  test.each([
    { name: 'no firewall', look: {}, want: ['ok firewall'] },
    {
      name: 'nobody’s business',
      look: { programs: { nft: refused }, uid: 1000 },
      want: ['unknown firewall-unknown'],
    },
    { name: 'empty rules', look: { programs: { nft: '{"nftables": []}' } }, want: ['ok firewall'] },
    { name: 'rules in no form', look: { programs: { nft: 'hello' } }, want: ['unknown firewall-unknown'] },
    {
      name: 'a rule against DHCP',
      look: { programs: { 'iptables-save': iptables('-A INPUT -p udp -m udp --dport 67 -j DROP') } },
      want: ['problem firewall-dhcp'],
    },
    {
      name: 'a rule that nobody understands',
      look: { programs: { 'iptables-save': iptables('-A INPUT -m bpf --bytecode x -j DROP') } },
      want: [
        'warning firewall-dhcp',
        'warning firewall-pxe',
        'warning firewall-tftp',
        'warning firewall-tftp-transfers',
        'warning firewall-http',
      ],
    },
    {
      name: 'a closed door',
      look: { programs: { 'iptables-save': closed } },
      want: [
        'problem firewall-dhcp',
        'problem firewall-pxe',
        'problem firewall-tftp',
        'problem firewall-tftp-transfers',
        'problem firewall-http',
      ],
    },
    {
      name: 'a closed door, and what is served from one port alone',
      lines: 'mode: off\nbootp: {enabled: false}\ntftp: {single-port: true}\nhttp: {enabled: false}',
      look: { programs: { 'iptables-save': closed } },
      want: ['problem firewall-tftp'],
    },
    {
      name: 'a rule against what leaves',
      look: { programs: { 'iptables-save': iptables('-A OUTPUT -p udp -j DROP') } },
      want: ['problem firewall-dhcp-answers', 'problem firewall-tftp-answers'],
    },
  ])('sees $name', async ({ lines = '', look, want }) => {
    expect(briefly(await checkFirewall(patientOf(lines), lookOf(look)))).toEqual(want);
  });

  test.each([
    {
      keeper: 'iptables',
      table: ['iptables'],
      fix: 'Let them through: iptables -I INPUT -i eth0 -p udp --dport 67 -j ACCEPT',
    },
    { keeper: 'ufw', table: ['ufw'], fix: 'Let them through: ufw allow in on eth0 to any port 67 proto udp' },
  ])('gives the fix in the words of $keeper', async ({ keeper, fix }) => {
    const chain = keeper === 'ufw' ? 'ufw-user-input' : 'INPUT';
    const jump = keeper === 'ufw' ? `:${chain} - [0:0]\n-A INPUT -j ${chain}\n` : '';
    const text = iptables(`${jump}-A ${chain} -p udp -m udp --dport 67 -j DROP`);
    const [found] = await checkFirewall(patientOf(), lookOf({ programs: { 'iptables-save': text } }));
    expect(found?.fix).toBe(fix);
  });

  test.each([
    {
      table: 'firewalld',
      fix: 'Let them through: firewall-cmd --permanent --add-service=dhcp && firewall-cmd --reload',
    },
    {
      table: 'filter',
      fix: 'Let them through: nft insert rule inet filter input iifname eth0 udp dport 67 accept',
    },
  ])('gives the fix for the table $table of nftables', async ({ table, fix }) => {
    const chain = {
      family: 'inet',
      table,
      name: 'input',
      type: 'filter',
      hook: 'input',
      prio: 0,
      policy: 'drop',
    };
    const look = lookOf({ programs: { nft: JSON.stringify({ nftables: [{ chain }] }) } });
    const [found] = await checkFirewall(patientOf(), look);
    expect(found).toMatchObject({ fix, text: expect.stringContaining('by the policy of nftables') });
  });
});

describe('checkServers()', () => {
  const server = (more: Partial<Found['server']>, own = false): Found => ({
    ...{ interface: 'eth0', own },
    server: { kind: 'address', ip: parseIpv4('10.0.0.254')!, mac: '02:00:00:00:00:fe', xid: 1, ...more },
  });
  const boot = server({ kind: 'boot', file: 'other.0' });

  test.each([
    { name: 'an empty network', found: [], want: ['ok other-servers'] },
    {
      name: 'another server, in mode dhcp',
      lines: 'mode: dhcp',
      found: [server({})],
      want: ['problem other-server'],
    },
    { name: 'another server, in mode auto', found: [server({})], want: ['ok other-server'] },
    {
      name: 'another server that names a file',
      found: [server({ file: 'x' })],
      want: ['warning other-server'],
    },
    { name: 'nobody, in mode proxy', lines: 'mode: proxy', found: [], want: ['problem no-server'] },
    { name: 'a server, in mode proxy', lines: 'mode: proxy', found: [server({})], want: ['ok other-server'] },
    { name: 'another proxy', lines: 'mode: dhcp', found: [boot], want: ['warning other-boot-server'] },
    { name: 'ourselves', lines: 'mode: dhcp', found: [server({}, true)], want: ['ok other-servers'] },
    { name: 'no DHCP to serve', lines: 'mode: off\nbootp: {enabled: false}', found: [server({})], want: [] },
  ])('sees $name', async ({ lines = '', found, want }) => {
    expect(briefly(await checkServers(patientOf(lines), async () => found))).toEqual(want);
  });

  test('says that it may not ask', async () => {
    const ask = () => Promise.reject(new Error('EPERM'));
    expect(await checkServers(patientOf(), ask)).toMatchObject([
      { severity: 'unknown', text: expect.stringContaining('EPERM') },
    ]);
  });

  test('does not ask where nobody can answer', async () => {
    const patient = patientOf('', { links: [linkOf('eth0', { running: false })] });
    expect(await checkServers(patient, () => Promise.reject(new Error('asked')))).toEqual([]);
  });
});

describe('checkSurroundings()', () => {
  const docker = { folders: { '/': ['.dockerenv', 'bin'], '/sys/class/net/eth0': ['address', 'iflink'] } };
  test.each([
    { name: 'a plain machine', look: {}, want: [] },
    { name: 'a container', look: docker, want: ['warning container'] },
    {
      name: 'a container in the host’s network',
      look: { folders: { ...docker.folders, '/sys/class/net/eth0': ['device'] } },
      want: [],
    },
    { name: 'a container, with one port', lines: 'tftp: {single-port: true}', look: docker, want: [] },
    {
      name: 'a translation to port 69',
      look: {
        programs: {
          'iptables-save': '-A PREROUTING -p udp -m udp --dport 69 -j DNAT --to-destination 10.0.0.1:69',
        },
      },
      want: ['warning nat'],
    },
    {
      name: 'a translation of something else',
      look: {
        programs: { 'iptables-save': '-A PREROUTING -p udp -m udp --dport 690 -j DNAT --to 10.0.0.1' },
      },
      want: [],
    },
    {
      name: 'guests behind a translation',
      links: [linkOf('virbr0')],
      look: { programs: { nft: 'table ip nat {\n ip saddr 10.0.0.0/24 masquerade\n}' } },
      want: ['warning nat'],
    },
    { name: 'guests without one', links: [linkOf('virbr0')], look: {}, want: [] },
  ])('sees $name', async ({ lines = '', links = [linkOf()], look, want }) => {
    expect(briefly(await checkSurroundings(patientOf(lines, { links }), lookOf(look)))).toEqual(want);
  });
});

describe('checkSelinux()', () => {
  const enforcing = { '/sys/fs/selinux/enforce': '1' };
  test.each([
    { name: 'a system without it', look: {}, want: [] },
    { name: 'permissive', look: { files: { '/sys/fs/selinux/enforce': '0' } }, want: ['ok selinux'] },
    {
      name: 'a root with its label',
      look: { files: enforcing, programs: { stat: 'system_u:object_r:tftpdir_t:s0\n' } },
      want: ['ok selinux'],
    },
    {
      name: 'somebody’s home',
      look: { files: enforcing, programs: { stat: 'unconfined_u:object_r:user_home_t:s0\n' } },
      want: ['warning selinux'],
    },
    {
      name: 'uploads to what is for reading',
      lines: 'tftp: {writes: create}',
      look: { files: enforcing, programs: { stat: 'system_u:object_r:tftpdir_t:s0\n' } },
      want: ['warning selinux'],
    },
    {
      name: 'a label that cannot be read',
      look: { files: enforcing, programs: { stat: '?\n' } },
      want: ['unknown selinux'],
    },
  ])('sees $name', async ({ lines = '', look, want }) => {
    expect(briefly(await checkSelinux(patientOf(lines, { root: '/tftp' }), lookOf(look)))).toEqual(want);
  });
});

describe('checkClock()', () => {
  test.each([
    { name: 'a clock that NTP keeps', look: { programs: { timedatectl: 'yes\n' } }, want: ['ok clock'] },
    {
      name: 'a mark of systemd-timesyncd',
      look: { folders: { '/run/systemd/timesync': ['synchronized'] } },
      want: ['ok clock'],
    },
    {
      name: 'a clock that nobody keeps',
      look: { programs: { timedatectl: 'no\n' } },
      want: ['warning clock'],
    },
    { name: 'nothing to ask', look: {}, want: ['unknown clock'] },
    {
      name: 'an empty battery',
      look: { now: Date.UTC(2000, 0, 1), programs: { timedatectl: 'yes\n' } },
      want: ['warning clock'],
    },
    { name: 'a far future', look: { now: Date.UTC(2099, 0, 1) }, want: ['warning clock'] },
  ])('sees $name', async ({ look, want }) => {
    expect(briefly(await checkClock(lookOf(look)))).toEqual(want);
  });
});

describe('checkDisk()', () => {
  const MB = 1024 * 1024;
  const space = (freeBytes: number, freeFiles?: number) => () => ({
    freeBytes,
    totalBytes: 1000 * MB,
    ...(freeFiles !== undefined && { freeFiles }),
  });
  test.each([
    { name: 'room', look: { space: space(900 * MB, 10_000) }, want: ['ok disk'] },
    { name: 'little room', look: { space: space(100 * MB) }, want: ['warning disk-scarce'] },
    { name: 'no room', look: { space: space(MB) }, want: ['problem disk-full'] },
    { name: 'no more files', look: { space: space(900 * MB, 3) }, want: ['problem disk-full'] },
    {
      name: 'no room for uploads',
      lines: 'state: memory\ntftp: {writes: create}',
      look: { space: space(MB) },
      want: ['problem disk-full'],
    },
    { name: 'nothing to write', lines: 'state: memory', look: { space: space(MB) }, want: [] },
    { name: 'a folder that nobody knows', look: {}, want: [] },
  ])('sees $name', ({ lines = '', look, want }) => {
    expect(briefly(checkDisk(patientOf(lines, { root: '/tftp' }), lookOf(look)))).toEqual(want);
  });
});

describe('checkRunning()', () => {
  const status = (services: Partial<Status['services'][number]>[], ready = true) =>
    ({
      tool: 'pxed',
      version: '0.1.0',
      pid: 5,
      ready,
      services: services.map((one) => ({ name: 'tftp', state: 'running', restarts: 0, ...one })),
    }) as Status;
  test.each([
    { name: 'a sound one', status: status([{}]), want: ['ok running'] },
    {
      name: 'a service that failed',
      status: status([{ state: 'failed', lastError: 'EMFILE' }]),
      want: ['problem service-failed'],
    },
    {
      name: 'a service that is tried again',
      status: status([{ state: 'backing-off' }]),
      want: ['problem service-failed'],
    },
    {
      name: 'a service that is halted',
      status: status([{ state: 'halted' }]),
      want: ['warning service-halted'],
    },
    {
      name: 'a service that failed, and runs again',
      status: status([{ restarts: 2, lastError: 'EMFILE' }]),
      want: ['warning service-restarted'],
    },
    { name: 'one that starts', status: status([{}], false), want: ['warning not-ready'] },
  ])('sees $name', async ({ status: told, want }) => {
    const { findings, status: given } = await checkRunning(async () => told);
    expect([briefly(findings), given]).toEqual([want, told]);
  });

  test.each([
    { code: 'no-pxed', want: [] },
    { code: 'not-permitted', want: ['unknown running'] },
  ])('goes on without one: $code', async ({ code, want }) => {
    const { findings, status: given } = await checkRunning(() =>
      Promise.reject(new ControlProblem(code, 'no')),
    );
    expect([briefly(findings), given]).toEqual([want, undefined]);
  });
});

describe('checkRootFiles()', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'pxed-doctor-'));
    mkdirSync(join(root, 'sound'), { mode: 0o755 });
    mkdirSync(join(root, 'wrong'), { mode: 0o755 });
    writeFileSync(join(root, 'wrong/pxelinux.0'), 'pxelinux');
    mkdirSync(join(root, 'wrong/pxelinux.cfg'), { mode: 0o755 });
    symlinkSync('nowhere', join(root, 'wrong/pxelinux.cfg/0A000007'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const check = (folder: string, lines = 'user: root') =>
    checkRootFiles(patientOf(lines, { root: join(root, folder) }), () => 0);

  test('finds what pxectl check finds: dangling links, missing companions', async () => {
    const found = briefly(await check('wrong'));
    expect(found).toContain('problem missing-companion');
    expect(found.some((one) => /dangling/.test(one))).toBe(true);
  });

  test('says so when the folder is not there, or the user', async () => {
    expect(briefly(await check('none'))).toEqual(['problem no-root']);
    expect(briefly(await check('sound', 'user: nobody-of-that-name'))).toEqual(['problem no-user']);
    expect(await checkRootFiles(patientOf(), () => 0)).toEqual([]);
  });
});

test('findingsText() tells the worst first, each with what to do, and nothing that a terminal obeys', () => {
  const text = findingsText([
    { code: 'clock', severity: 'ok', text: 'fine' },
    { code: 'mtu-small', severity: 'warning', text: 'small', fix: 'grow' },
    problem('port-67', 'UDP port 67 is in use by \x1b[31mevil, pid 9', 'kill 9'),
    { code: 'selinux', severity: 'unknown', text: 'who knows' },
  ]);
  expect(text.split('\n')).toEqual([
    'PROBLEM  port-67: UDP port 67 is in use by ?[31mevil, pid 9',
    '         kill 9',
    'WARNING  mtu-small: small',
    '         grow',
    'unknown  selinux: who knows',
    'ok       clock: fine',
    '',
  ]);
});
