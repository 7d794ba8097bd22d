import { afterEach, expect, test } from 'vitest';
import {
  BOOTED,
  createBootRoot,
  grubConfig,
  ipxeScript,
  linux,
  loader,
  pxelinuxConfig,
} from '../rig/boot-root.ts';
import { biosRom, type Machine, type MachineSpec, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux')].concat([
  loader('syslinuxEfi'),
  loader('grub'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const FIRST_MAC = '52:54:00:a7:00:01';

/** `192.168.77.130` as pxelinux.cfg names it: C0A84D82. */
function hexOf(address: string): string {
  return address
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

/** What the kernel was told: `pxed.config=` and the client's address (IPAPPEND's or the script's `ip=`). */
function toldTo(commandLine: string): { config: string | undefined; address: string | undefined } {
  return {
    config: /pxed\.config=(\S+)/.exec(commandLine)?.[1],
    address: /(?:^| )ip=([\d.]+)/.exec(commandLine)?.[1],
  };
}

function report(what: string, seconds: number): void {
  console.log(`${what}: Linux spoke after ${seconds.toFixed(1)} s`);
}

ring('one process of `pxed eth0 <root> pxelinux.0`', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.write('pxelinux.cfg/default', pxelinuxConfig('default'));
    },
  });
  const machines: Machine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
  });

  async function boot(spec: MachineSpec): Promise<{ config?: string; address?: string; seconds: number }> {
    const machine = await powerOn(site().lab, spec);
    machines.push(machine);
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    const { config, address } = toldTo(match[1]!);
    report(`${spec.name} (${spec.firmware}, pxelinux.cfg or script ${config})`, seconds);
    return { seconds, ...(config && { config }), ...(address && { address }) };
  }

  /** The files that the client with this address asked for, in order. */
  async function filesAskedBy(address: string): Promise<string[]> {
    const rows = await site().capture.read(`tftp.opcode == 1 && ip.src == ${address}`, ['tftp.source_file']);
    return rows.map((row) => row['tftp.source_file']);
  }

  let firstAddress = '';

  test('boots a BIOS machine that only has `default`, after asking for its own names', async () => {
    const { config, address } = await boot({ name: 'bios-default', mac: FIRST_MAC, firmware: 'bios' });
    expect(config).toBe('default');
    firstAddress = address ?? '';
    expect(firstAddress).toMatch(/^192\.168\.77\.\d+$/);
    const asked = (await filesAskedBy(firstAddress)).filter((name) => name.startsWith('pxelinux.cfg/'));
    const hex = hexOf(firstAddress);
    expect(asked).toEqual([
      'pxelinux.cfg/01-52-54-00-a7-00-01',
      ...[8, 7, 6, 5, 4, 3, 2, 1].map((length) => `pxelinux.cfg/${hex.slice(0, length)}`),
      'pxelinux.cfg/default',
    ]);
  });

  test('boots the same machine again at the same address from its own pxelinux.cfg/C0A8…', async () => {
    const name = hexOf(firstAddress);
    await site().root.write(`pxelinux.cfg/default.${name}`, pxelinuxConfig(name));
    await site().root.link(`pxelinux.cfg/${name}`, `default.${name}`);
    const { config, address } = await boot({ name: 'bios-own', mac: FIRST_MAC, firmware: 'bios' });
    expect(config).toBe(name);
    expect(address).toBe(firstAddress);
  });

  test('boots OVMF through syslinux.efi, which reads the same pxelinux.cfg', async () => {
    await site().root.install('syslinuxEfi');
    const { config, address } = await boot({
      name: 'uefi-syslinux',
      mac: '52:54:00:a7:00:02',
      firmware: 'uefi',
    });
    expect(config).toBe('default');
    expect(await filesAskedBy(address ?? '')).toContain('syslinux.efi');
  });

  test('boots four machines at once: two BIOS, two UEFI, one address each', async () => {
    const specs: MachineSpec[] = [
      { name: 'four-own', mac: FIRST_MAC, firmware: 'bios' },
      { name: 'four-bios', mac: '52:54:00:a7:00:11', firmware: 'bios' },
      { name: 'four-uefi-1', mac: '52:54:00:a7:00:12', firmware: 'uefi' },
      { name: 'four-uefi-2', mac: '52:54:00:a7:00:13', firmware: 'uefi' },
    ];
    const booted = await Promise.all(specs.map(boot));
    expect(booted.map(({ config }) => config)).toEqual([
      hexOf(firstAddress),
      'default',
      'default',
      'default',
    ]);
    expect(new Set(booted.map(({ address }) => address)).size).toBe(4);
  });

  test('boots OVMF through GRUB when GRUB is the loader in the root', async () => {
    await site().root.remove('syslinux.efi');
    await site().root.install('grub');
    await site().root.write('grub/grub.cfg', grubConfig('grub'));
    const { config } = await boot({ name: 'uefi-grub', mac: '52:54:00:a7:00:03', firmware: 'uefi' });
    expect(config).toBe('grub');
    // GRUB passes no address on to Linux; the DHCP answer to the firmware has it.
    const [ack] = await site().capture.read(
      'dhcp.option.dhcp == 5 && dhcp.hw.mac_addr == 52:54:00:a7:00:03',
      ['dhcp.ip.your', 'dhcp.file'],
    );
    expect(ack?.['dhcp.file']).toBe('grubnetx64.efi');
    expect(await filesAskedBy(ack?.['dhcp.ip.your'] ?? '')).toContain('/grub/grub.cfg');
  });

  test('sends iPXE to boot.ipxe once there is one', async () => {
    await site().root.write('boot.ipxe', ipxeScript('ipxe'));
    const { config, address } = await boot({ name: 'ipxe', mac: '52:54:00:a7:00:04', firmware: 'bios' });
    expect(config).toBe('ipxe');
    const files = await filesAskedBy(address ?? '');
    expect(files).toContain('boot.ipxe');
    expect(files).not.toContain('pxelinux.0');
  });

  test('sends boot firmware all it waits for: option 60, 43=06 01 08 ff, siaddr, file', async () => {
    const offers = await site().capture.read(
      'dhcp.option.dhcp == 2 && dhcp.hw.mac_addr == 52:54:00:a7:00:01',
      [
        'dhcp.option.vendor_class_id',
        'dhcp.ip.server',
        'dhcp.file',
        'dhcp.option.vendor.pxeclient.discovery_control',
      ],
    );
    expect(offers[0]).toEqual({
      'dhcp.option.vendor_class_id': 'PXEClient',
      'dhcp.ip.server': '192.168.77.1',
      'dhcp.file': 'pxelinux.0',
      'dhcp.option.vendor.pxeclient.discovery_control': '0x08',
    });
  });
});

const seconds = new Map<string, number>();

for (const kind of ['dnsmasq', 'pxed'] as const) {
  ring(`the same BIOS boot from ${kind}`, NEEDS, () => {
    const site = useSite({
      kind,
      machines: true,
      root: createBootRoot,
      bootFile: 'pxelinux.0',
      prepare: async (root) => {
        await root.install('pxelinux');
        await root.write('pxelinux.cfg/default', pxelinuxConfig(kind));
      },
    });

    test('reaches Linux (the seconds of both servers are shown, not judged)', async () => {
      const machine = await powerOn(site().lab, { name: kind, mac: FIRST_MAC, firmware: 'bios' });
      const booted = await machine.waitFor(BOOTED, BOOT_MS);
      expect(toldTo(booted.match[1]!).config).toBe(kind);
      report(`BIOS boot from ${kind}`, booted.seconds);
      seconds.set(kind, booted.seconds);
      const [pxed, dnsmasq] = [seconds.get('pxed'), seconds.get('dnsmasq')];
      if (pxed !== undefined && dnsmasq !== undefined) {
        console.log(`pxed ${pxed.toFixed(1)} s beside dnsmasq ${dnsmasq.toFixed(1)} s`);
      }
    });
  });
}
