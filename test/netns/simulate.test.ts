/** `pxectl simulate` against captures of the same machines: the same octets, and the same names asked for. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatIpv4, parseIpv4 } from '../../src/lib/ipv4.ts';
import { createSqliteLeases } from '../../src/store/lease-sqlite.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { conversationOf, repliesOf, saying, simulateOn } from '../rig/conversation.ts';
import { PROJECT } from '../rig/server.ts';
import type { Site } from '../rig/site.ts';
import { command, namespaces, ring, tun, useSite } from './harness.ts';

const MAC = '52:54:00:5a:00:01';
/** Of rom-process.ts. */
const UUID = '42424242-4242-4242-4242-424242424242';
const BOOT_MS = 60_000;
const NEEDS = [namespaces, tun, command('tcpdump', 'tcpdump')];

async function prepare(root: BootRoot): Promise<void> {
  for (const name of ['pxelinux.0', 'linux', 'initrd.gz']) await root.write(name, `a ${name}`);
  await root.write('ldlinux.c32', '\x7fELF');
}

/** The ROM and PXELINUX in software, until the kernel is there. */
async function boot({ lab }: Site): Promise<void> {
  const tap = await lab.tap();
  const rom = lab.start([process.execPath, join(PROJECT, 'test/rig/rom-process.ts'), tap, MAC], `rom-${tap}`);
  const [line] = await rom.waitFor(/^\{.*\}$/m, BOOT_MS);
  expect(JSON.parse(line)).toMatchObject({ ended: 'kernel' });
}

/** The command line of simulate that means what pxed's meant. */
function words({ host, root }: Site, state = 'memory'): string[] {
  const config = join(host.folder, 'pxed.yaml');
  return [
    '--config',
    config,
    '--mode',
    'dhcp',
    '--state',
    state,
    '--interface',
    'eth0',
    root.path,
    'pxelinux.0',
  ];
}

function configsOf(asked: readonly string[]): string[] {
  return asked.filter((name) => name.includes('pxelinux.cfg/'));
}

const PROFILES = `profiles:
  install: { kernel: linux, initrd: initrd.gz, args: "ip=\${ip}" }
rules:
  - { match: { arch: x86-64_EFI }, then: { profile: install, lease: 3h } }
  - { match: { mac: "52:54:00:5a" }, then: { profile: install, domain-name: bios.example, lease: 2h } }
`;

ring('pxectl simulate and a machine with a profile', NEEDS, () => {
  const site = useSite({ root: createEmptyRoot, prepare, bootFile: 'pxelinux.0', config: PROFILES });

  test('say the same to the octet: from the captured DISCOVER and REQUEST, and from the DISCOVER alone', async () => {
    await boot(site());
    const { requests, replies } = await conversationOf(site().capture, MAC);
    expect(replies).toHaveLength(2);
    const whole = await simulateOn(site().host, [...saying(requests), ...words(site())]);
    expect(repliesOf(whole)).toEqual(replies);
    const first = await simulateOn(site().host, [...saying(requests.slice(0, 1)), ...words(site())]);
    expect(repliesOf(first)).toEqual(replies);
  });

  test('the loader asks for the first name alone, which is made for it', async () => {
    const { requests, asked } = await conversationOf(site().capture, MAC);
    const { lookups, exchanges } = await simulateOn(site().host, [...saying(requests), ...words(site())]);
    expect(lookups?.names.map(({ name }) => name)).toEqual(configsOf(asked));
    expect(lookups).toMatchObject({
      loader: 'pxelinux',
      bootFile: { name: 'pxelinux.0', found: 'file' },
      names: [{ name: `pxelinux.cfg/${UUID}`, found: 'rendered', profile: 'install' }],
    });
    expect(exchanges.at(-1)?.rules).toEqual(['rules[0]: arch does not fit', 'rules[1]: matches']);
  });

  test('what simulate makes up for such a machine is answered alike', async () => {
    const { requests, replies } = await conversationOf(site().capture, MAC);
    const told = ['--mac', MAC, '--arch', 'x86PC', '--uuid', UUID];
    const { exchanges } = await simulateOn(site().host, [...told, ...words(site())]);
    // The transaction is the machine's own choice: octets 4 to 7.
    const masked = (hex: string) => hex.slice(0, 8) + hex.slice(16);
    expect(exchanges.map(({ reply }) => masked(reply!.hex))).toEqual(replies.map(masked));
    expect(exchanges).toHaveLength(requests.length);
  });
});

ring('pxectl simulate and a machine that finds its configuration in the tree', NEEDS, () => {
  const site = useSite({
    root: createEmptyRoot,
    async prepare(root) {
      await prepare(root);
      await root.write(
        'pxelinux.cfg/default',
        'DEFAULT linux\nLABEL linux\nKERNEL linux\nINITRD initrd.gz\n',
      );
    },
    bootFile: 'pxelinux.0',
    config: 'authoritative: true',
  });

  test('the names are those of the capture, in their order', async () => {
    await boot(site());
    const { requests, replies, asked } = await conversationOf(site().capture, MAC);
    const simulation = await simulateOn(site().host, [...saying(requests), ...words(site())]);
    expect(repliesOf(simulation)).toEqual(replies);
    const names = simulation.lookups?.names ?? [];
    expect(names.map(({ name }) => name)).toEqual(configsOf(asked));
    expect(names).toHaveLength(11);
    expect(names.at(-1)).toMatchObject({ name: 'pxelinux.cfg/default', found: 'file' });
    expect(new Set(names.slice(0, -1).map(({ found }) => found))).toEqual(new Set(['nothing']));
  });
});

/** Not where a newcomer with this MAC would be put. */
const KEPT = '192.168.77.201';

ring('pxectl simulate beside a pxed with leases', NEEDS, () => {
  let state = '';
  const options: string[] = [];
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'pxed-simulate-'));
    const leases = createSqliteLeases(join(state, 'leases.db'));
    await leases.load();
    const now = Date.now();
    const record = {
      ip: parseIpv4(KEPT)!,
      client: `192.168.77.0/24 hw 1 ${MAC}`,
      mac: MAC,
      state: 'bound',
    } as const;
    const times = { since: now, expiresAt: now + 3_600_000 };
    leases.stage([{ kind: 'put', lease: { ...record, ...times, kind: 'dhcp' }, volatile: false }]);
    leases.commit();
    leases.close();
    options.push('--state', state);
  });
  afterAll(() => rm(state, { recursive: true, force: true }));
  const site = useSite({ root: createEmptyRoot, prepare, bootFile: 'pxelinux.0', config: PROFILES, options });

  test('reads them while pxed has them to itself, and changes nothing', async () => {
    await boot(site());
    const { requests, replies } = await conversationOf(site().capture, MAC);
    const simulation = await simulateOn(site().host, [...saying(requests), ...words(site(), state)]);
    expect(simulation.exchanges.map(({ reply }) => reply?.header.yiaddr)).toEqual([KEPT, KEPT]);
    expect(repliesOf(simulation)).toEqual(replies);
    const others = await simulateOn(site().host, [...saying(requests), ...words(site())]);
    expect(others.exchanges[0]?.reply?.header.yiaddr).not.toBe(KEPT);
    // Another machine's offer is made in a copy: it is not held here.
    const told = ['--mac', '52:54:00:5a:00:02', '--arch', '0', '--ip', formatIpv4(parseIpv4(KEPT)! + 1)];
    const offered = await simulateOn(site().host, [...told, ...words(site(), state)]);
    expect(offered.exchanges[1]?.reply?.header).toMatchObject({ yiaddr: '192.168.77.202', type: 'ACK' });
    const again = ['--mac', '52:54:00:5a:00:03', '--arch', '0', '--ip', formatIpv4(parseIpv4(KEPT)! + 1)];
    const free = await simulateOn(site().host, [...again, ...words(site(), state)]);
    expect(free.exchanges[1]?.reply?.header).toMatchObject({ yiaddr: '192.168.77.202', type: 'ACK' });
  });
});

ring('pxectl simulate and clients that are no firmware', [...NEEDS, command('udhcpc', 'udhcpc')], () => {
  const site = useSite({
    root: createEmptyRoot,
    prepare,
    bootFile: 'pxelinux.0',
    config: PROFILES,
    answerAll: true,
    options: ['--bootp'],
  });
  const options = ['--answer-all-dhcp-requests', '--bootp'];

  test('a system that wants a certain address, tells its name and has an id', async () => {
    const host = await site().lab.host('udhcpc');
    const asking = ['-r', '192.168.77.123', '-x', 'hostname:node7', '-V', 'anaconda-Linux'];
    await host.must(['udhcpc', '-q', '-n', '-f', '-i', 'eth0', '-t', '5', '-s', '/bin/true', ...asking]);
    const { requests, replies } = await conversationOf(site().capture, await host.mac());
    const simulation = await simulateOn(site().host, [...saying(requests), ...options, ...words(site())]);
    expect(simulation.exchanges.at(-1)?.reply?.header.yiaddr).toBe('192.168.77.123');
    expect(repliesOf(simulation)).toEqual(replies);
  });

  ring('bootpc', [command('bootpc', 'bootpc')], () => {
    test('BOOTP', async () => {
      const host = await site().lab.host('bootpc');
      await host.must(['ip', 'route', 'replace', 'default', 'dev', 'eth0']);
      await host.must(['bootpc', '--dev', 'eth0', '--serverbcast', '--returniffail', '--timeoutwait', '20']);
      const { requests, replies } = await conversationOf(site().capture, await host.mac());
      expect(replies).not.toEqual([]);
      const simulation = await simulateOn(site().host, [...saying(requests), ...options, ...words(site())]);
      expect(repliesOf(simulation)).toEqual(replies);
    });
  });
});

const FAR = '192.168.88.1';
const FAR_CONFIG = `networks:
  - { subnet: 192.168.88.0/24, range: [192.168.88.50-192.168.88.150], routers: [${FAR}] }
rules:
  - { match: { circuit-id: eth1 }, then: { lease: 2h } }
`;

ring(
  'pxectl simulate and a machine behind a relay',
  [...NEEDS, command('dhcrelay', 'isc-dhcp-relay')],
  () => {
    const site = useSite({ root: createEmptyRoot, prepare, bootFile: 'pxelinux.0', config: FAR_CONFIG });

    test('what the relay was sent is what it is told, option 82 included', async () => {
      const { lab, host, capture } = site();
      await lab.segment('far');
      const relay = await lab.host('relay', { address: '192.168.77.2/24' });
      await relay.plug('eth1', { segment: 'far', address: `${FAR}/24` });
      await relay.must(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
      await host.must(['ip', 'route', 'add', '192.168.88.0/24', 'via', '192.168.77.2']);
      const relaying = relay.start([
        'dhcrelay',
        '-4',
        '-d',
        '-a',
        '-iu',
        'eth0',
        '-id',
        'eth1',
        '192.168.77.1',
      ]);
      await relaying.waitFor(/Sending on\s+Socket/, BOOT_MS);
      const tap = await lab.tap('far');
      const rom = lab.start(
        [process.execPath, join(PROJECT, 'test/rig/rom-process.ts'), tap, MAC],
        `rom-${tap}`,
      );
      await rom.waitFor(/^\{.*\}$/m, BOOT_MS);
      const { requests, replies } = await conversationOf(capture, MAC);
      expect(replies).toHaveLength(2);
      const simulation = await simulateOn(host, [...saying(requests), ...words(site())]);
      expect(repliesOf(simulation)).toEqual(replies);
      expect(simulation.exchanges[1]?.rules).toEqual(['rules[0]: matches']);
      expect(simulation.exchanges[1]?.reply?.header).toMatchObject({ giaddr: FAR, type: 'ACK' });
    });
  },
);
