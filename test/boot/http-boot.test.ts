import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, ipxeScript, linux } from '../rig/boot-root.ts';
import { type Machine, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const IPXE = '/usr/lib/ipxe/snponly.efi';
const NEEDS = [namespaces, tun, qemu, ovmf, linux, file(IPXE, 'ipxe')].concat([
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const SERVER = '192.168.77.1';
const URL = `http://${SERVER}/snponly.efi`;

ring('UEFI that boots by HTTP (OVMF)', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    options: ['--verbose', '--log-format', 'json'],
    config: `boot: { ipxe: "http://${SERVER}/boot.ipxe" }`,
    prepare: async (root) => {
      await root.write('pxelinux.0', 'for other machines');
      await root.add('snponly.efi', IPXE);
      await root.write('boot.ipxe', ipxeScript('by-http'));
    },
  });
  let machine: Machine | undefined;
  afterEach(async () => machine?.off());

  test('takes the offer, loads iPXE, its script and Linux by HTTP alone', async () => {
    const { lab, server, capture } = site();
    const mac = '52:54:00:a7:00:41';
    machine = await powerOn(lab, { name: 'http', mac, firmware: 'uefi', http: true });
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`OVMF by HTTP: Linux spoke after ${seconds.toFixed(1)} s`);
    expect(match[1]).toContain('pxed.config=by-http');
    const events = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const files = (type: string) => events.filter((event) => event.type === type).map(({ file }) => file);
    expect(files('http.probed')).toContain('/snponly.efi'); // EDK2 asks by HEAD how large it is
    expect(files('http.done')).toEqual(expect.arrayContaining(['/snponly.efi', '/boot.ipxe', '/vmlinuz']));
    expect(events.filter(({ type }) => type === 'http.failed')).toEqual([]);
    expect(await capture.read('tftp', ['tftp.source_file'])).toEqual([]);

    const fields = ['dhcp.option.dhcp', 'dhcp.option.vendor_class_id', 'dhcp.file'] as const;
    const replies = await capture.read(`dhcp.type == 2 && dhcp.hw.mac_addr == ${mac}`, fields);
    expect(replies.slice(0, 2)).toEqual([
      { 'dhcp.option.dhcp': '2', 'dhcp.option.vendor_class_id': 'HTTPClient', 'dhcp.file': URL },
      { 'dhcp.option.dhcp': '5', 'dhcp.option.vendor_class_id': 'HTTPClient', 'dhcp.file': URL },
    ]);
  });
});
