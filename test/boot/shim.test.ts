/** Secure Boot's chain: the firmware loads shim, shim loads GRUB from the folder that it came from itself. */
import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { type Machine, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const SHIM = '/usr/lib/shim/shimx64.efi.signed';
const GRUB = '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed';
const NEEDS = [namespaces, tun, qemu, ovmf, linux, loader('grub'), file(SHIM, 'shim-signed')].concat([
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const MAC = '52:54:00:a9:00:01';

ring('shim and GRUB in a folder of the root (OVMF)', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    options: ['--verbose', '--log-format', 'json'],
    config: `
boot: { arch: { 7: EFI/debian/shimx64.efi } }
profile: linux
profiles:
  linux: { kernel: vmlinuz, initrd: initrd.gz, args: console=ttyS0 quiet panic=-1 pxed.config=shim }
`,
    prepare: async (root) => {
      await root.write('pxelinux.0', 'for other machines');
      await root.add('EFI/debian/shimx64.efi', SHIM);
      await root.add('EFI/debian/grubx64.efi', GRUB);
    },
  });
  let machine: Machine | undefined;
  afterEach(async () => machine?.off());

  test('boot a profile: the second stage is found beside the first, what is optional is answered and no news', async () => {
    const { lab, server } = site();
    machine = await powerOn(lab, { name: 'shim', mac: MAC, firmware: 'uefi' });
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`shim and GRUB: Linux spoke after ${seconds.toFixed(1)} s`);
    expect(match[1]).toContain('pxed.config=shim');
    const lines = server.output().split('\n');
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const files = (type: string) => events.filter((event) => event.type === type).map((event) => event.file);
    const plain = files('tftp.done').map((name) => name.replaceAll('\\', '/').replace(/\/+/g, '/'));
    expect(plain).toEqual(expect.arrayContaining(['EFI/debian/shimx64.efi', 'EFI/debian/grubx64.efi']));
    expect(plain.indexOf('EFI/debian/grubx64.efi')).toBeGreaterThan(plain.indexOf('EFI/debian/shimx64.efi'));
    const refused = events.filter((event) => event.type === 'tftp.refused');
    expect(refused.map((event) => event.file)).toContain('EFI/debian/revocations_sbat.efi');
    // All that was not there is asked for in case it is: debug (20 in pino's numbers), and no warning.
    expect(refused.filter((event) => !event.optional || event.level !== 20)).toEqual([]);
    expect(events.filter(({ type }) => type === 'tftp.failed' || type === 'boot.loop')).toEqual([]);
  });
});
