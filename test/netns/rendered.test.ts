import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import type { Need } from '../rig/requirement.ts';
import { pxedCommand, waitForPorts } from '../rig/server.ts';
import {
  type Command,
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  useSite,
} from './harness.ts';

const SERVER = '192.168.77.1';
const SOON = { timeout: 20_000, interval: 50 };
const READY_MS = 30_000;

type Client = { name: string; need: Need; get(name: string, to: string): Command };

const CLIENTS: Client[] = [
  {
    name: 'tftp-hpa in mode octet',
    need: command('tftp', 'tftp-hpa'),
    get: (name, to) => ['tftp', '-m', 'binary', SERVER, '-c', 'get', name, to],
  },
  {
    name: 'atftp with options',
    need: command('atftp', 'atftp'),
    get: (name, to) => ['atftp', '--option', 'blksize 64', '-g', '-r', name, '-l', to, SERVER],
  },
  {
    name: 'curl over TFTP',
    need: command('curl', 'curl'),
    get: (name, to) => ['curl', '-sS', '-o', to, `tftp://${SERVER}/${name}`],
  },
  {
    name: 'curl over HTTP',
    need: command('curl', 'curl'),
    get: (name, to) => ['curl', '-sS', '-f', '-o', to, `http://${SERVER}/${name}`],
  },
];

const PROFILES = `version: 1
profiles:
  install: { kernel: linux, initrd: initrd.gz, args: "mac=\${mac} ip=\${ip}" }
  rescue: { kernel: rescue/linux }
profile: install
`;

ring('configurations made on demand', [namespaces, command('curl', 'curl')], () => {
  let lab: Lab;
  let server: Host;
  let machine: Host;
  let other: Host;
  let root: BootRoot;
  let running: Running;
  let mac: string;
  let own: string;
  afterAll(async () => {
    await lab.close();
    await root.delete();
  });

  beforeAll(async () => {
    lab = await createLab();
    root = await createEmptyRoot();
    await root.write('pxelinux.0', 'the loader');
    server = await lab.host('server', { address: `${SERVER}/24` });
    machine = await lab.host('machine', { address: '192.168.77.11/24' });
    other = await lab.host('other', { address: '192.168.77.12/24' });
    mac = await machine.mac();
    own = `pxelinux.cfg/01-${mac.replaceAll(':', '-')}`;
    await configure(PROFILES);
    const options = ['--config', join(root.path, 'pxed.yaml'), '--workers', '2', '-v'];
    running = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', options }));
    await waitForPorts(running, [67, 69]);
    await running.waitFor(/pxed ready/, READY_MS);
  });

  const configure = (text: string) => root.write('pxed.yaml', text);

  const events = () =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): { type: string; winner?: string; peer?: string } => JSON.parse(line));

  async function fetched(host: Host, client: Client, name: string): Promise<string> {
    const to = join(lab.folder, 'fetched');
    await rm(to, { force: true });
    await host.must(client.get(name, to));
    return readFile(to, 'utf8');
  }

  const OVER_TFTP = CLIENTS[2]!;

  test.for(CLIENTS)(
    '$name gets the one of its machine, whose address another server gave',
    async (client, { skip }) => {
      const missing = client.need();
      if (missing !== undefined) skip(missing);
      const text = await fetched(machine, client, own);
      expect(text).toContain(`mac=${mac} ip=192.168.77.11`);
      expect(text).toMatch(/^\s*linux linux$/im);
    },
  );

  test('each loader gets it in its own words', async () => {
    expect(await fetched(machine, OVER_TFTP, 'grub/grub.cfg')).toContain('menuentry');
    expect(await fetched(machine, OVER_TFTP, 'boot.ipxe')).toMatch(/^#!ipxe\n/);
  });

  test('the log tells the profile that it was made from', async () => {
    await fetched(machine, OVER_TFTP, 'pxelinux.cfg/C0A84D0B');
    const told = () => events().filter(({ winner }) => winner === 'pxelinux.cfg/C0A84D0B');
    await expect
      .poll(told, SOON)
      .toMatchObject([{ type: 'tftp.config', rendered: 'install', peer: '192.168.77.11' }]);
  });

  test('the name of another machine is not found', async () => {
    for (const client of CLIENTS.slice(2)) {
      const finished = await other.run(client.get(own, join(lab.folder, 'fetched')));
      expect(finished.code).not.toBe(0);
    }
  });

  test('a file of the tree wins, and the log says so', async () => {
    await root.write(own, 'a real file');
    for (const client of CLIENTS.slice(2)) expect(await fetched(machine, client, own)).toBe('a real file');
    const last = () =>
      events()
        .filter(({ winner }) => winner === own)
        .at(-1);
    await expect.poll(last, SOON).not.toHaveProperty('rendered');
    await root.remove(own);
    expect(await fetched(machine, OVER_TFTP, own)).toContain(mac);
  });

  test('a reload puts other profiles in force, and none at all', async () => {
    await configure(`${PROFILES}hosts: [{ mac: "${mac}", profile: rescue }]\n`);
    running.signal('SIGHUP');
    await expect.poll(() => fetched(machine, OVER_TFTP, own), SOON).toContain('rescue/linux');
    await configure('version: 1\n');
    running.signal('SIGHUP');
    const refused = async () => (await machine.run(OVER_TFTP.get(own, join(lab.folder, 'fetched')))).code;
    await expect.poll(refused, SOON).not.toBe(0);
    await configure(PROFILES);
    running.signal('SIGHUP');
    await expect.poll(async () => (await refused()) === 0, SOON).toBe(true);
  });
});

const NEAR = '192.168.77.2';
const FAR = '192.168.88.1';

/** dhcrelay's circuit id is the name of its interface. */
const FAR_CONFIG = `networks:
  - { subnet: 192.168.88.0/24, range: [192.168.88.50-192.168.88.150], routers: [${FAR}] }
profiles:
  rack: { kernel: linux, args: "name=\${hostname} ip=\${ip}" }
rules:
  - { match: { circuit-id: eth1 }, then: { profile: rack } }
`;

const SCRIPT = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address replace "$ip/$mask" dev "$interface"
ip route replace default via "$router" dev "$interface"
`;

const RELAY_NEEDS = [
  namespaces,
  command('curl', 'curl'),
  command('udhcpc', 'udhcpc'),
  command('dhcrelay', 'isc-dhcp-relay'),
];

ring('configurations behind a relay', RELAY_NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare: (root) => root.write('pxelinux.0', 'not started by anybody here'),
    bootFile: 'pxelinux.0',
    answerAll: true,
    config: FAR_CONFIG,
  });

  test('a machine is known by its lease, and by the port of its relay', async () => {
    const { lab, host } = site();
    await lab.segment('far');
    const relay = await lab.host('relay', { address: `${NEAR}/24` });
    await relay.plug('eth1', { segment: 'far', address: `${FAR}/24` });
    await relay.must(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await host.must(['ip', 'route', 'add', '192.168.88.0/24', 'via', NEAR]);
    const relaying = relay.start(['dhcrelay', '-4', '-d', '-a', '-iu', 'eth0', '-id', 'eth1', SERVER]);
    await relaying.waitFor(/Sending on\s+Socket/, READY_MS);
    const client = await lab.host('client', { segment: 'far' });
    const script = join(client.folder, 'rendered-udhcpc-script');
    await writeFile(script, SCRIPT);
    await chmod(script, 0o755);
    await client.must(['udhcpc', '-q', '-i', 'eth0', '-t', '5', '-x', 'hostname:node7', '-s', script], {
      timeoutMs: READY_MS,
    });
    const [address = ''] = await client.addresses();
    const ip = address.replace('/24', '');
    expect(ip).toMatch(/^192\.168\.88\./);
    const text = await client.must(['curl', '-sS', `tftp://${SERVER}/pxelinux.cfg/default`]);
    expect(text).toContain(`name=node7 ip=${ip}`);
    expect(text).toContain('profile rack by rules[0]');
  });
});
