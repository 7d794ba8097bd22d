/** Real firmware that gets its address from dnsmasq and its boot file from pxed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { BOOTED, type BootRoot, createBootRoot, linux, loader, pxelinuxConfig } from '../rig/boot-root.ts';
import { type Capture, startCapture } from '../rig/capture.ts';
import { createLab, type Host, type Lab } from '../rig/lab.ts';
import {
  addQuietRouter,
  biosRom,
  type Machine,
  type MachineSpec,
  ovmf,
  powerOn,
  qemu,
} from '../rig/machine.ts';
import type { Command, Running } from '../rig/process.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { dnsmasqCommand, pxedCommand, waitForPorts } from '../rig/server.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux'), loader('syslinuxEfi')].concat(
  [command('dnsmasq', 'dnsmasq-base'), command('tcpdump', 'tcpdump'), command('tshark', 'tshark')],
);
const BOOT_MS = 150_000;
const READY_MS = 30_000;
const PXED = '192.168.77.1';
const OTHER = '192.168.77.2/24';
/** A BIOS machine and a UEFI machine. */
const USUAL = ['52:54:00:a7:77:01', '52:54:00:a7:77:02'] as const;
/** Told nothing but to ask port 4011, which EDK2 calls a BINL offer. */
const ASKING: MachineSpec = { name: 'asking', mac: '52:54:00:a7:77:04', firmware: 'uefi' };

/** Two lines, the first taken by itself after a second. */
const MENU = `boot:
  menu:
    prompt: A menu of pxed's
    timeout: 1
    entries:
      - {text: Linux}
      - {text: Own disk, local: true}
`;

ring('firmware whose address another server gives', NEEDS, () => {
  let root: BootRoot;
  let lab: Lab;
  let server: Host;
  let capture: Capture;
  let pxed: Running | undefined;
  const machines: Machine[] = [];

  beforeAll(async () => {
    root = await createBootRoot();
    await root.install('pxelinux');
    await root.install('syslinuxEfi');
    await root.write('pxelinux.cfg/default', pxelinuxConfig('proxy'));
  });
  beforeEach(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: `${PXED}/24` });
    capture = await startCapture(lab, 'lan');
    await addQuietRouter(lab);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      lab.keep(task.name);
      console.error(`pxed said:\n${pxed?.output().slice(-6000)}`);
    }
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
    await capture.stop();
    await lab.close();
  });
  afterAll(() => root.delete());

  async function startAddressServer(host: Host): Promise<void> {
    const address = (await host.addresses())[0] ?? '';
    const argv = dnsmasqCommand({ root: root.path, bootFile: '' }, address, lab.folder).filter(
      (word) => !/^--(dhcp-boot|enable-tftp|tftp-root|bootp-dynamic)/.test(word),
    );
    await waitForPorts(host.start(argv as unknown as Command), [67]);
  }

  /** It is not told to be a proxy: it finds out. */
  async function startPxed(config = ''): Promise<void> {
    const file = join(lab.folder, 'proxy.yaml');
    await writeFile(file, `version: 1\n${config}`);
    const options = ['-v', '--log-format', 'text', '--config', file];
    pxed = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', mode: 'auto', options }));
    await pxed.waitFor(/pxed ready/, READY_MS);
  }

  async function boot(spec: MachineSpec): Promise<string> {
    const machine = await powerOn(lab, spec);
    machines.push(machine);
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`${spec.name} (${spec.firmware}) by proxyDHCP: Linux spoke after ${seconds.toFixed(1)} s`);
    return match[1]!;
  }

  /** Requests to port 4011 of this machine. */
  async function asked4011(mac: string): Promise<number> {
    const filter = `dhcp.type == 1 && udp.dstport == 4011 && dhcp.hw.mac_addr == ${mac}`;
    return (await capture.read(filter, ['frame.number'])).length;
  }

  function both(name: string): MachineSpec[] {
    return [
      { name: `${name}-bios`, mac: USUAL[0], firmware: 'bios' },
      { name: `${name}-uefi`, mac: USUAL[1], firmware: 'uefi' },
    ];
  }

  async function bootAll(specs: readonly MachineSpec[]): Promise<void> {
    const booted = await Promise.all(specs.map(boot));
    for (const commandLine of booted) expect(commandLine).toContain('pxed.config=proxy');
    await capture.stop();
  }

  test('BIOS and OVMF boot from the usual offer without port 4011, OVMF through it from one without a file', async () => {
    await startAddressServer(await lab.host('other', { address: OTHER }));
    await startPxed(`hosts: [{mac: "${ASKING.mac}", quirks: with-4011}]\n`);
    await bootAll([...both('usual'), ASKING]);
    for (const mac of USUAL) expect(await asked4011(mac)).toBe(0);
    expect(await asked4011(ASKING.mac)).toBeGreaterThan(0);
    const [ack] = await capture.read(`dhcp.option.dhcp == 5 && dhcp.hw.mac_addr == ${USUAL[0]}`, [
      'dhcp.option.dhcp_server_id',
      'dhcp.file',
    ]);
    expect(ack).toEqual({ 'dhcp.option.dhcp_server_id': '192.168.77.2', 'dhcp.file': '' });
  });

  test('both show a menu and boot its first line, where dnsmasq has port 67 of the same host', async () => {
    await startAddressServer(server);
    await startPxed(MENU);
    expect(pxed?.output()).toContain('so that one gives the addresses');
    await bootAll(both('menu'));
    for (const machine of machines) expect(machine.console()).toContain('A menu of pxed');
    for (const [index, mac] of USUAL.entries()) {
      const filter = `dhcp.type == 2 && udp.srcport == 4011 && dhcp.hw.mac_addr == ${mac}`;
      const [ack] = await capture.read(filter, ['dhcp.option.vendor.pxeclient.boot_item', 'dhcp.file']);
      expect(ack?.['dhcp.file']).toBe(['pxelinux.0', 'syslinux.efi'][index]);
      expect(ack?.['dhcp.option.vendor.pxeclient.boot_item']).not.toBe('');
    }
  });
});
