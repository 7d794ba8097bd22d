import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { linuxKernel } from '../client/images.ts';
import { type BootRoot, createEmptyRoot, loader } from '../rig/boot-root.ts';
import { dnsmasqCommand, PROJECT, pxedCommand, waitForPorts } from '../rig/server.ts';
import { tftpHpa, tftpHpaProgram } from '../rig/tftp-hpa.ts';
import { type Command, command, createLab, type Host, type Lab, namespaces, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const TESTER = '192.168.77.9';
const PROXY = '192.168.77.2';
const RUN_MS = 60_000;

const BIOS = ['--arch', 'bios'];
const UEFI = ['--arch', 'x64-efi'];

const DNSMASQ_PROXY = [
  ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--port=0', '--user=root', '--bind-interfaces'],
  ...['--interface=eth0', '--dhcp-range=192.168.77.0,proxy', '--enable-tftp', '--log-dhcp'],
  ...['--pxe-service=x86PC,Linux,pxelinux', '--pxe-service=x86-64_EFI,Linux,grubnetx64.efi'],
];

const NEEDS = [
  namespaces,
  loader('pxelinux'),
  loader('grub'),
  command('nft', 'nftables'),
  command('dnsmasq', 'dnsmasq-base'),
  command('kea-dhcp4', 'kea-dhcp4-server'),
  tftpHpa,
];

type Told = {
  readonly ok: boolean;
  readonly ended: string;
  readonly failed?: { readonly step: string; readonly why: string; readonly detail: string };
  readonly lease?: { readonly address: string; readonly dhcpServer: string };
  readonly config?: string;
  readonly steps: readonly { readonly step: string; readonly ok: boolean; readonly asked?: string }[];
};

ring('pxectl selftest', NEEDS, () => {
  let root: BootRoot;
  let lab: Lab;
  let server: Host;
  let tester: Host;

  beforeAll(async () => {
    root = await createEmptyRoot();
  });
  beforeEach(async () => {
    await root.install('pxelinux');
    await root.install('grub');
    await root.write('pxelinux.cfg/default', 'DEFAULT x\nLABEL x\n  KERNEL vmlinuz\n  INITRD initrd.gz\n');
    await root.write('grub/grub.cfg', 'linux /vmlinuz quiet\ninitrd /initrd.gz\nboot\n');
    await root.write('boot.ipxe', '#!ipxe\nkernel vmlinuz quiet\ninitrd initrd.gz\nboot\n');
    await root.write('vmlinuz', linuxKernel(300_000));
    await root.write('initrd.gz', new Uint8Array(200_000).fill(7));
    lab = await createLab();
    server = await lab.host('server', { address: `${SERVER}/24` });
    tester = await lab.host('tester', { address: `${TESTER}/24` });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') lab.keep(task.name);
    await lab.close();
  });
  afterAll(() => root.delete());

  async function selftest(words: readonly string[], from = SERVER): Promise<Told> {
    const path = join(PROJECT, 'bin/pxectl.ts');
    const argv: Command = [process.execPath, path, 'selftest', '--server', from, '--json', ...words];
    const { code, stdout, stderr } = await tester.run(argv, { timeoutMs: RUN_MS });
    if (!stdout.startsWith('{')) throw new Error(`selftest said nothing: ${stderr}`);
    const told = JSON.parse(stdout) as Told;
    expect(code, stdout).toBe(told.ok ? 0 : 1);
    return told;
  }

  /** Several machines at once: firmware waits 3 s for another offer where the first says nothing of PXE. */
  function selftestAll(kinds: readonly (readonly string[])[], from = SERVER): Promise<Told[]> {
    return Promise.all(
      kinds.map((words, i) =>
        selftest([...byFrames, ...words, '--mac', `02:70:78:00:00:0${i}`, '--release'], from),
      ),
    );
  }

  const byFrames = ['--interface', 'eth0'];
  const byRelay = ['--relay', TESTER];

  async function startPxed(more: readonly string[] = []): Promise<() => string> {
    const options = ['--no-conflict-probe', '-v', '--log-format', 'json', ...more];
    const pxed = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', options }));
    await pxed.waitFor(/pxed ready/, RUN_MS);
    return pxed.output;
  }

  async function startDnsmasq(more: readonly string[], without = /^$/): Promise<void> {
    const spec = { root: root.path, bootFile: 'pxelinux.0' };
    const [program, ...words] = dnsmasqCommand(spec, `${SERVER}/24`, lab.folder);
    const kept = words.filter((word) => !without.test(word));
    await waitForPorts(server.start([program, ...kept, '--no-ping', ...more]), [67, 69]);
  }

  const BY_ARCH = [
    '--dhcp-match=set:x64,option:client-arch,7',
    '--dhcp-boot=tag:x64,grubnetx64.efi',
    '--dhcp-match=set:ipxe,175',
    '--dhcp-boot=tag:ipxe,boot.ipxe',
  ];

  const BOOTS = { 'next-server': SERVER };
  const CLASSES = [
    { name: 'ipxe', test: 'option[175].exists', 'boot-file-name': 'boot.ipxe', ...BOOTS },
    { name: 'x64', test: 'option[93].hex == 0x0007', 'boot-file-name': 'grubnetx64.efi', ...BOOTS },
    { name: 'bios', test: 'option[93].hex == 0x0000', 'boot-file-name': 'pxelinux.0', ...BOOTS },
  ];

  async function startKea(classes: readonly object[]): Promise<void> {
    const file = join(lab.folder, 'kea.json');
    const config = {
      'interfaces-config': { interfaces: ['eth0'] },
      'lease-database': { type: 'memfile', persist: false },
      ...(classes.length > 0 && { 'client-classes': classes }),
      subnet4: [{ subnet: '192.168.77.0/24', pools: [{ pool: '192.168.77.50 - 192.168.77.150' }] }],
    };
    await writeFile(file, JSON.stringify({ Dhcp4: config }));
    const env = { KEA_PIDFILE_DIR: lab.folder, KEA_LOCKFILE_DIR: 'none' };
    await waitForPorts(server.start(['kea-dhcp4', '-c', file], { env }), [67]);
  }

  async function startTftpd(): Promise<void> {
    const program = tftpHpaProgram() ?? '';
    const tftpd = server.start([
      program,
      '-L',
      '-4',
      '-a',
      '0.0.0.0:69',
      '--secure',
      '--user',
      'root',
      root.path,
    ]);
    await waitForPorts(tftpd, [69]);
  }

  test('boots each kind of firmware from pxed, and leaves no lease behind', async () => {
    const output = await startPxed(['--bootp']);
    const kinds: [words: string[], config: string][] = [
      [['--arch', 'bios'], 'pxelinux.cfg/default'],
      [['--arch', 'x64-efi'], '/grub/grub.cfg'],
      [['--firmware', 'ipxe'], 'boot.ipxe'],
      [['--firmware', 'http'], `http://${SERVER}/grub/grub.cfg`],
      [['--firmware', 'bootp'], 'pxelinux.cfg/default'],
    ];
    const addresses: (string | undefined)[] = [];
    for (const [words, config] of kinds) {
      const told = await selftest([...byFrames, ...words]);
      expect(told, words.join(' ')).toMatchObject({ ok: true, ended: 'kernel', config });
      expect(told.steps.at(-1)).toMatchObject({ step: 'release' });
      addresses.push(told.lease?.address);
    }
    // What was given back is there for the next.
    expect(new Set(addresses).size).toBe(1);
    expect(output().match(/"dhcp\.release"/g)).toHaveLength(kinds.length);
  });

  test('boots by relay, from this host’s own address and without a broadcast', async () => {
    await startPxed();
    for (const firmware of ['bios', 'http']) {
      const told = await selftest([...byRelay, '--firmware', firmware]);
      expect(told, firmware).toMatchObject({ ok: true, ended: 'kernel' });
      expect(told.steps[0]?.asked).toContain(`by relay ${TESTER}`);
    }
  });

  test('boots from dnsmasq and its TFTP, and names a loader for another processor', async () => {
    await startDnsmasq(BY_ARCH);
    // Whoever is of no other kind gets PXELINUX.
    const [wrong, ...right] = await selftestAll([
      ['--arch', 'arm64-efi'],
      BIOS,
      UEFI,
      ['--firmware', 'ipxe'],
    ]);
    for (const told of right) expect(told).toMatchObject({ ok: true, ended: 'kernel' });
    expect(wrong?.failed).toMatchObject({ step: 'boot-file', why: 'wrong-arch' });
    const leases = await server.must(['cat', join(server.folder, 'dnsmasq.leases')]);
    expect(leases.trim()).toBe('');
  });

  test('boots from Kea with in.tftpd beside it', async () => {
    await startKea(CLASSES);
    await startTftpd();
    for (const told of await selftestAll([BIOS, UEFI, ['--firmware', 'ipxe']])) {
      expect(told).toMatchObject({ ok: true, ended: 'kernel' });
    }
  });

  test('boots where one server gives addresses and another one boots, by port 4011 too', async () => {
    await startKea([]);
    const proxy = await lab.host('proxy', { address: `${PROXY}/24` });
    const dnsmasq = proxy.start(DNSMASQ_PROXY.concat([`--tftp-root=${root.path}`]) as unknown as Command);
    await waitForPorts(dnsmasq, [69, 4011]);
    const booted = { ok: true, ended: 'kernel', lease: { dhcpServer: SERVER } };
    for (const told of await selftestAll([BIOS, UEFI], PROXY)) {
      expect(told).toMatchObject(booted);
      expect(told.steps.map(({ step }) => step)).toContain('boot-server');
    }
    await dnsmasq.stop();
    const options = ['-v', '--log-format', 'json'];
    const pxed = proxy.start(
      pxedCommand({ root: root.path, bootFile: 'pxelinux.0', mode: 'proxy', options }),
    );
    await pxed.waitFor(/pxed ready/, RUN_MS);
    for (const told of await selftestAll([BIOS, UEFI], PROXY)) expect(told).toMatchObject(booted);
    // Without it nobody names a boot file.
    await pxed.stop();
    expect((await selftest(byFrames, PROXY)).failed).toMatchObject({ step: 'discover', why: 'other-server' });
  });

  test('names an offer without a boot file', async () => {
    await startDnsmasq([], /^--dhcp-boot/);
    expect((await selftest(byFrames)).failed).toMatchObject({ step: 'discover', why: 'no-boot-file' });
  });

  test('names what is wrong with the files of a server', async () => {
    await startPxed();
    await root.write('vmlinuz', linuxKernel(300_000).subarray(0, 100_000));
    expect((await selftest(byFrames)).failed).toMatchObject({ step: 'kernel', why: 'truncated' });
    await root.remove('pxelinux.cfg/default');
    const config = (await selftest(byFrames)).failed;
    expect(config).toMatchObject({ step: 'config', why: 'not-found' });
    expect(config?.detail).toMatch(
      /pxelinux\.cfg\/01-02-70-78-.*pxelinux\.cfg\/C0A84D.*pxelinux\.cfg\/default/,
    );
    await root.remove('pxelinux.0');
    expect((await selftest(byFrames)).failed).toMatchObject({ step: 'boot-file', why: 'not-found' });
  });

  test('tells a TFTP port that is filtered from one that is closed, by frames and by relay', async () => {
    await startPxed();
    const filter = async (verdict: string) => {
      const rules = `flush ruleset; table ip t { chain c { type filter hook input priority 0; udp dport 69 ${verdict}; }; }`;
      await server.must(['nft', rules]);
    };
    await filter('reject');
    expect((await selftest(byFrames)).failed).toMatchObject({ step: 'boot-file', why: 'tftp-closed' });
    expect((await selftest(byRelay)).failed).toMatchObject({ step: 'boot-file', why: 'tftp-closed' });
    await filter('drop');
    expect((await selftest(byFrames)).failed).toMatchObject({ step: 'boot-file', why: 'timeout' });
  });

  test('boots a storm of machines, and tells how long they took', async () => {
    await startPxed();
    for (const way of [byFrames, byRelay]) {
      const storm = await selftest([...way, '--clients', '60', '--rate', '200']);
      expect(storm, way.join(' ')).toMatchObject({ ok: true, booted: 60, failed: 0 });
    }
  });
});
