import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, ipxeScript, linux } from '../rig/boot-root.ts';
import { type Machine, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { PROJECT } from '../rig/server.ts';
import { useSite } from '../rig/site.ts';

const IPXE = '/usr/lib/ipxe/snponly.efi';
const NEEDS = [namespaces, tun, qemu, ovmf, linux, file(IPXE, 'ipxe')].concat([
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const SERVER = '192.168.77.1';
const URL = `http://${SERVER}/snponly.efi`;

ring('UEFI that boots by HTTP (OVMF, `boot.http`)', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    config: [
      'boot:',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
      '  http: http://${next-server}/',
      `  ipxe: http://${SERVER}/boot.ipxe`,
    ].join('\n'),
    prepare: async (root) => {
      await root.write('pxelinux.0', 'for other machines');
      await root.add('snponly.efi', IPXE);
      await root.write('boot.ipxe', ipxeScript('by-http'));
    },
  });
  let machine: Machine | undefined;
  afterEach(async () => machine?.off());

  test('takes the offer, loads iPXE, its script and Linux by HTTP alone', async () => {
    const { lab, root, host, capture } = site();
    const web = host.start([process.execPath, `${PROJECT}/test/rig/http-process.ts`, root.path, SERVER]);
    await web.waitFor(/the web server is up/, 15_000);
    const mac = '52:54:00:a7:00:41';
    machine = await powerOn(lab, { name: 'http', mac, firmware: 'uefi', http: true });
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`OVMF by HTTP: Linux spoke after ${seconds.toFixed(1)} s`);
    expect(match[1]).toContain('pxed.config=by-http');
    const asked = web.output().split('\n');
    for (const line of ['HEAD /snponly.efi', 'GET /snponly.efi', 'GET /boot.ipxe', 'GET /vmlinuz']) {
      expect(asked).toContain(`${line} 200`);
    }
    expect(await capture.read('tftp', ['tftp.source_file'])).toEqual([]);

    const fields = ['dhcp.option.dhcp', 'dhcp.option.vendor_class_id', 'dhcp.file'] as const;
    const replies = await capture.read(`dhcp.type == 2 && dhcp.hw.mac_addr == ${mac}`, fields);
    expect(replies.slice(0, 2)).toEqual([
      { 'dhcp.option.dhcp': '2', 'dhcp.option.vendor_class_id': 'HTTPClient', 'dhcp.file': URL },
      { 'dhcp.option.dhcp': '5', 'dhcp.option.vendor_class_id': 'HTTPClient', 'dhcp.file': URL },
    ]);
  });
});
