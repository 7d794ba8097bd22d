import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { biosRom, type Machine, type MachineSpec, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const SNPONLY = '/usr/lib/ipxe/snponly.efi';
const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux')].concat([
  loader('syslinuxEfi'),
  loader('grub'),
  file(SNPONLY, 'ipxe'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
// biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
const SCRIPT_URL = 'http://${next-server}/boot.ipxe';
const BOOT_MS = 150_000;
const BY_MAC = '52:54:00:a8:00:10';
const BY_UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
const CONFIG = `
boot:
  arch: { 7: LOADER, 16: LOADER }
MOREprofiles:
  everybody:
    kernel: vmlinuz
    initrd: initrd.gz
    args: console=ttyS0 quiet panic=-1 pxed.config=everybody/\${mac-hyp}/\${ip}
  mine:
    kernel: vmlinuz
    initrd: initrd.gz
    args: console=ttyS0 quiet panic=-1 pxed.config=by-mac/\${hostname}
  theirs:
    kernel: vmlinuz
    initrd: initrd.gz
    args: console=ttyS0 quiet panic=-1 pxed.config=by-uuid/\${uuid}
profile: everybody
hosts:
  - { mac: '${BY_MAC}', hostname: mine, profile: mine }
  - { uuid: ${BY_UUID}, profile: theirs }
`;
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of the configuration

/** The same profiles, whatever loader the root has for UEFI; QEMU's ROM for BIOS is iPXE, and gets `ipxe`. */
function configFor({ efi, ipxe }: { efi: string; ipxe?: string }): string {
  return CONFIG.replaceAll('LOADER', efi).replace('MORE', ipxe === undefined ? '' : `  ipxe: ${ipxe}\n`);
}

function useMachines(site: () => { lab: Parameters<typeof powerOn>[0] }) {
  const machines: Machine[] = [];
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
  });
  /** What `pxed.config=` says on the command line of the Linux that came up. */
  return async function boot(spec: MachineSpec): Promise<string | undefined> {
    const machine = await powerOn(site().lab, spec);
    machines.push(machine);
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`${spec.name} (${spec.firmware}): Linux spoke after ${seconds.toFixed(1)} s`);
    return /pxed\.config=(\S+)/.exec(match[1]!)?.[1];
  };
}

ring(
  'one profile of the configuration, and nothing but loaders, kernel and initrd in the root',
  NEEDS,
  () => {
    const site = useSite({
      root: createBootRoot,
      machines: true,
      bootFile: 'pxelinux.0',
      config: configFor({ efi: 'syslinux.efi', ipxe: 'pxelinux.0' }),
      prepare: async (root) => {
        await root.install('pxelinux');
        await root.install('syslinuxEfi');
      },
    });
    const boot = useMachines(site);

    async function filesAskedBy(mac: string): Promise<string[]> {
      const rows = await site().capture.read(`tftp.opcode == 1 && eth.src == ${mac}`, ['tftp.source_file']);
      return rows.map((row) => row['tftp.source_file']);
    }

    test('boots PXELINUX (BIOS), whose first question is answered', async () => {
      const mac = '52:54:00:a8:00:01';
      expect(await boot({ name: 'bios', mac, firmware: 'bios' })).toMatch(
        /^everybody\/52-54-00-a8-00-01\/192\.168\.77\.\d+$/,
      );
      const asked = (await filesAskedBy(mac)).filter((name) => name.includes('pxelinux.cfg/'));
      expect(asked).toEqual(['pxelinux.cfg/01-52-54-00-a8-00-01']);
    });

    test('boots syslinux.efi (OVMF)', async () => {
      expect(await boot({ name: 'uefi', mac: '52:54:00:a8:00:02', firmware: 'uefi' })).toMatch(
        /^everybody\/52-54-00-a8-00-02\//,
      );
    });

    test('boots the machine of a MAC and that of a UUID each by its own', async () => {
      const bootings = [
        boot({ name: 'by-mac', mac: BY_MAC, firmware: 'bios' }),
        boot({ name: 'by-uuid', mac: '52:54:00:a8:00:11', firmware: 'bios', uuid: BY_UUID }),
      ];
      expect(await Promise.all(bootings)).toEqual(['by-mac/mine', `by-uuid/${BY_UUID}`]);
    });
  },
);

ring('the same profile for GRUB', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    config: configFor({ efi: 'grubnetx64.efi' }),
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.install('grub');
    },
  });
  const boot = useMachines(site);

  test('boots grubnetx64.efi (OVMF)', async () => {
    expect(await boot({ name: 'grub', mac: '52:54:00:a8:00:03', firmware: 'uefi' })).toMatch(
      /^everybody\/52-54-00-a8-00-03\//,
    );
  });
});

ring('the same profile for iPXE, whose script and files come by HTTP', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    config: configFor({ efi: 'snponly.efi', ipxe: SCRIPT_URL }),
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.add('snponly.efi', SNPONLY);
    },
  });
  const boot = useMachines(site);

  test('boots iPXE that UEFI loaded, by a script that is in no file', async () => {
    expect(await boot({ name: 'ipxe-efi', mac: '52:54:00:a8:00:04', firmware: 'uefi' })).toMatch(
      /^everybody\/52-54-00-a8-00-04\//,
    );
  });

  test('boots the iPXE that QEMU has in its ROM (BIOS)', async () => {
    expect(await boot({ name: 'ipxe-bios', mac: '52:54:00:a8:00:05', firmware: 'bios' })).toMatch(
      /^everybody\/52-54-00-a8-00-05\//,
    );
  });

  test('boots it by HTTP alone (OVMF)', async () => {
    const mac = '52:54:00:a8:00:06';
    expect(await boot({ name: 'http', mac, firmware: 'uefi', http: true })).toMatch(
      /^everybody\/52-54-00-a8-00-06\//,
    );
    expect(await site().capture.read(`tftp && eth.src == ${mac}`, ['tftp.opcode'])).toEqual([]);
  });
});
