import { archOf } from '../../src/boot/arch-table.ts';
import type { BootMachine } from '../../src/boot/machine.ts';
import type { KernelProfile, Profile } from '../../src/boot/profile.ts';
import type { BootPolicy, Said } from '../../src/boot/selection.ts';

export const SERVER = 0x0a00_0001;

export const MACHINE: BootMachine = {
  mac: '52:54:00:12:34:56',
  ip: 0xc0a8_025b,
  uuid: {
    smbios: '564d8a10-97c2-4f05-9d3a-0123456789ab',
    wire: '108a4d56-c297-054f-9d3a-0123456789ab',
  },
  arch: archOf(0),
  kind: 'pxe',
  hostname: 'node1',
  tags: ['lab'],
};

export const DEBIAN: KernelProfile = {
  kind: 'kernel',
  name: 'debian',
  title: 'Install Debian',
  kernel: 'debian/vmlinuz-6.1.0',
  initrds: ['debian/initrd.gz', 'debian/firmware.gz'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
  args: 'auto=true hostname=${hostname} BOOTIF=01-${mac-hyp}',
};

export const MEMTEST: Profile = {
  kind: 'loader',
  name: 'memtest',
  title: 'Memory test',
  file: 'memtest.efi',
};

export const CHOICE: Profile = {
  kind: 'menu',
  name: 'choice',
  title: 'What now?',
  entries: [{ profile: 'local' }, { profile: 'debian' }, { profile: 'memtest', title: 'RAM' }],
  timeoutSeconds: 10,
  default: 'local',
};

/** A policy that says the same of every machine. */
export function policyOf(profiles: readonly Profile[], said: Partial<Said> = {}, http?: string): BootPolicy {
  return {
    profiles: new Map(profiles.map((profile) => [profile.name, profile])),
    said: () => ({
      ...(profiles[0] && { profile: profiles[0].name, from: 'default' }),
      tags: [],
      nextServer: SERVER,
      trace: [],
      ...said,
    }),
    ...(http !== undefined && { http }),
  };
}
