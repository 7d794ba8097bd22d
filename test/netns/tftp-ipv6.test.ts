import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Need } from '../rig/requirement.ts';
import { PROJECT, waitForPorts } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import {
  type Command,
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
} from './harness.ts';

/** Two global addresses of eth0, one of eth1; link-local ones the kernel makes itself. */
const GLOBAL = ['2001:db8:77::1', '2001:db8:77::2'] as const;
const OTHER_NET = '2001:db8:88::1';

/** Machines are set up with IPv6 off, here and there; and nobody waits for duplicate address detection. */
async function switchOn(host: Host, device: string): Promise<void> {
  const keys = `/proc/sys/net/ipv6/conf/${device}`;
  await host.must(['sh', '-c', `echo 0 > ${keys}/accept_dad; echo 0 > ${keys}/disable_ipv6`]);
}

async function addIpv6(host: Host, device: string, address: string): Promise<void> {
  await host.must(['ip', '-6', 'address', 'add', `${address}/64`, 'dev', device, 'nodad']);
}

async function linkLocal(host: Host, device: string): Promise<string> {
  const ask: Command = ['ip', '-6', '-o', 'address', 'show', 'dev', device, 'scope', 'link'];
  for (let attempt = 0; attempt < 100; attempt++) {
    const shown = await host.must(ask);
    const found = /inet6 (\S+)\//.exec(shown)?.[1];
    if (found && !shown.includes('tentative')) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${device} has no link-local address`);
}

/** Tells where the answer to a request came from, whatever was asked. */
const ASK_ONCE = `
import { createSocket } from 'node:dgram';
const [family, address, file, port] = process.argv.slice(1);
const socket = createSocket(family);
const rrq = Buffer.concat([Buffer.from([0, 1]), Buffer.from(file + '\\0octet\\0')]);
const answer = await new Promise((resolve, reject) => {
  socket.on('message', (bytes, from) => resolve({ from: from.address, block: bytes.readUInt16BE(2), size: bytes.length - 4 }));
  setTimeout(() => reject(new Error('silence')), 5000);
  socket.send(rrq, Number(port), address);
});
console.log(JSON.stringify(answer));
process.exit(0);`;

type Answer = { from: string; block: number; size: number };

async function whoAnswers(
  client: Host,
  family: 'udp4' | 'udp6',
  address: string,
  port = 69,
): Promise<Answer> {
  const argv: Command = [process.execPath, '--input-type=module', '-e', ASK_ONCE];
  return JSON.parse(await client.must([...argv, family, address, 'small', String(port)])) as Answer;
}

/** The server over node:dgram, as on systems without the Linux sockets. */
function portableServer(root: string, port: number): Command {
  const sources = new URL('../../src/', import.meta.url).href;
  const code = `
    import { loadNetwork } from '${sources}net/load.ts';
    import { DEFAULT_TFTP_SETTINGS } from '${sources}server/tftp/settings.ts';
    import { openTftpSockets } from '${sources}server/tftp/sockets.ts';
    import { startTftpServer } from '${sources}server/tftp/start.ts';
    const network = await loadNetwork('dgram');
    const opened = await openTftpSockets(network, { port: ${port}, singlePort: false });
    const settings = { ...DEFAULT_TFTP_SETTINGS, root: ${JSON.stringify(root)} };
    const emit = (event) => console.log(JSON.stringify(event));
    const server = startTftpServer({ network, sockets: opened.value[0], settings, emit });
    await server.ready;
    console.log('serving');`;
  return [process.execPath, '--input-type=module-typescript', '-e', code];
}

type Site = { lab: Lab; root: TftpRoot; server: Host; client: Host; running: Running; events(): object[] };

/** A host with two interfaces and a client on both, and `ptftpd` with `args`. */
function useSite(...args: string[]): Site {
  const site = {} as Site;
  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot({ writable: true });
    await site.root.fill('small', 100);
    await site.root.fill('f3m', 3_000_000);
    site.server = await site.lab.host('server', { address: '192.168.77.1/24' });
    await site.server.must(['ip', 'address', 'add', '192.168.77.2/24', 'dev', 'eth0']);
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
    await site.lab.segment('other');
    await site.server.plug('eth1', { address: '192.168.88.1/24', segment: 'other' });
    await site.client.plug('eth1', { address: '192.168.88.50/24', segment: 'other' });
    for (const host of [site.server, site.client])
      for (const device of ['eth0', 'eth1']) await switchOn(host, device);
    for (const address of GLOBAL) await addIpv6(site.server, 'eth0', address);
    await addIpv6(site.server, 'eth1', OTHER_NET);
    await addIpv6(site.client, 'eth0', '2001:db8:77::50');
    await addIpv6(site.client, 'eth1', '2001:db8:88::50');
    for (const host of [site.server, site.client])
      for (const device of ['eth0', 'eth1']) await linkLocal(host, device);
    const program = join(PROJECT, 'bin/ptftpd.ts');
    const argv: Command = [
      process.execPath,
      program,
      '--log-format',
      'json',
      '-v',
      '--allow-overwrite',
      ...args,
    ];
    site.running = site.server.start([...argv, site.root.path]);
    await waitForPorts(site.running, [69]);
    await site.running.waitFor(/ptftpd ready/, 20_000);
    site.events = () =>
      site.running
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as object);
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });
  return site;
}

/** The scope's name is the client's own: both ends call it eth0. */
const CLIENTS: { name: string; need: Need; get(address: string, file: string, to: string): Command }[] = [
  {
    name: 'curl',
    need: command('curl', 'curl'),
    get: (address, file, to) => [
      'curl',
      ...['-6', '-g', '-sS', '--tftp-blksize', '1428', '-o', to],
      `tftp://[${address.replace('%', '%25')}]/${file}`,
    ],
  },
  {
    name: 'atftp',
    need: command('atftp', 'atftp'),
    get: (address, file, to) => ['atftp', '--option', 'blksize 1428', '-g', '-r', file, '-l', to, address],
  },
  {
    name: 'tftp-hpa',
    need: command('tftp', 'tftp-hpa'),
    get: (address, file, to) => ['tftp', '-6', '-m', 'binary', address, '-c', 'get', file, to],
  },
  {
    name: 'ptftp',
    need: () => undefined,
    get: (address, file, to) => [
      process.execPath,
      join(PROJECT, 'bin/ptftp.ts'),
      ...[`[${address}]`, 'get', file, to],
    ],
  },
];

ring('TFTP over IPv6 on one interface', [namespaces], () => {
  const site = useSite('eth0');

  for (const { name, need, get } of CLIENTS) {
    ring(name, [need], () => {
      test.each(['global', 'link-local'])('gets a file from a %s address, byte for byte', async (kind) => {
        const address = kind === 'global' ? GLOBAL[1] : `${await linkLocal(site.server, 'eth0')}%eth0`;
        const to = join(site.lab.folder, `${name}-${kind}`);
        await site.client.must(get(address, 'f3m', to), { timeoutMs: 60_000 });
        expect(await hashOf(to)).toBe(await site.root.hash('f3m'));
        await rm(to);
      });
    });
  }

  ring('curl', [command('curl', 'curl')], () => {
    test('puts a file', async () => {
      const from = join(site.root.path, 'f3m');
      await site.client.must(['curl', '-6', '-g', '-sS', '-T', from, `tftp://[${GLOBAL[0]}]/up`]);
      expect(await site.root.hash('up')).toBe(await site.root.hash('f3m'));
    });

    test('is granted no more than one frame holds: 1448 octets on Ethernet', async () => {
      const get: Command = ['curl', '-6', '-g', '-sS', '--tftp-blksize', '8192', '-o', '/dev/null'];
      await site.client.must([...get, `tftp://[${GLOBAL[0]}]/f3m`]);
      await site.running.waitFor(/"blksize":1448/, 5000);
    });
  });

  test.each(GLOBAL)('answers from the address asked, %s', async (address) => {
    expect(await whoAnswers(site.client, 'udp6', address)).toEqual({ from: address, block: 1, size: 100 });
  });

  test('answers from its link-local address when that was asked, and the event says on which link', async () => {
    const address = `${await linkLocal(site.server, 'eth0')}%eth0`;
    expect(await whoAnswers(site.client, 'udp6', address)).toMatchObject({ from: address, block: 1 });
    const client = `${await linkLocal(site.client, 'eth0')}%eth0`;
    for (const peer of [client, '2001:db8:77::50'])
      await expect
        .poll(site.events, { timeout: 5000 })
        .toContainEqual(expect.objectContaining({ peer, file: 'small' }));
  });

  test('so do the portable sockets', async () => {
    const portable = site.server.start(portableServer(site.root.path, 6969));
    await portable.waitFor(/serving/, 15_000);
    const address = `${await linkLocal(site.server, 'eth0')}%eth0`;
    expect(await whoAnswers(site.client, 'udp6', address, 6969)).toMatchObject({ from: address, block: 1 });
    const client = `${await linkLocal(site.client, 'eth0')}%eth0`;
    await portable.waitFor(new RegExp(`"tftp.started","peer":"${client}"`), 5000);
    await portable.stop();
  });

  test('hears nothing on the other interface', async () => {
    await expect(whoAnswers(site.client, 'udp6', OTHER_NET)).rejects.toThrow(/silence|ECONNREFUSED/);
  });

  test('keeps silent when asked by multicast (RFC 1123 §4.2.3.5)', async () => {
    await expect(whoAnswers(site.client, 'udp6', 'ff02::1%eth0')).rejects.toThrow('silence');
  });
});

ring('TFTP on an interface without IPv4', [namespaces, command('curl', 'curl')], () => {
  const site = useSite('eth0');

  test('serves over IPv6', async () => {
    await site.server.plug('six0', { segment: 'other' });
    await switchOn(site.server, 'six0');
    await addIpv6(site.server, 'six0', '2001:db8:66::1');
    await addIpv6(site.client, 'eth1', '2001:db8:66::50');
    const program = join(PROJECT, 'bin/ptftpd.ts');
    const argv: Command = [process.execPath, program, '--log-format', 'json', 'six0', site.root.path];
    const running = site.server.start(argv);
    await running.waitFor(/ptftpd ready/, 20_000);
    const to = join(site.lab.folder, 'six');
    await site.client.must(['curl', '-6', '-g', '-sS', '-o', to, 'tftp://[2001:db8:66::1]/f3m']);
    expect(await hashOf(to)).toBe(await site.root.hash('f3m'));
    expect(running.output()).toContain('six0 (IPv6 only)');
    await running.stop();
  });
});

ring('a multi-homed TFTP server on all interfaces', [namespaces], () => {
  const site = useSite('-p', '69');

  test.each([
    ['udp4', '192.168.77.1'],
    ['udp4', '192.168.77.2'],
    ['udp4', '192.168.88.1'],
    ['udp6', GLOBAL[0]],
    ['udp6', GLOBAL[1]],
    ['udp6', OTHER_NET],
  ] as const)('answers %s from the address asked, %s', async (family, address) => {
    expect(await whoAnswers(site.client, family, address)).toEqual({ from: address, block: 1, size: 100 });
  });

  test.each(['eth0', 'eth1'])('answers on the link-local address of %s', async (device) => {
    const address = `${await linkLocal(site.server, device)}%${device}`;
    expect(await whoAnswers(site.client, 'udp6', address)).toMatchObject({ from: address, block: 1 });
  });

  test('answers from the address asked although the way back is another interface’s', async () => {
    // The client asks eth1's address by way of eth0: the answer leaves by eth0, whose own address would be refused.
    await site.client.must(['ip', 'address', 'del', '192.168.88.50/24', 'dev', 'eth1']);
    await site.client.must(['ip', 'route', 'add', '192.168.88.1/32', 'via', '192.168.77.1']);
    const { from } = await whoAnswers(site.client, 'udp4', '192.168.88.1');
    expect(from).toBe('192.168.88.1');
  });
});
