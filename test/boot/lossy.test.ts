import { expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux, loader, pxelinuxConfig } from '../rig/boot-root.ts';
import { addLossyLink } from '../rig/lossy-link.ts';
import { addQuietRouter, biosRom, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux'), loader('syslinuxEfi')].concat(
  [command('tcpdump', 'tcpdump')],
);
/** dnsmasq and in.tftpd take longer for OVMF (bench/lossy-boot.ts compares); ours took 30 s on two busy processors. */
const BOOT_MS = 150_000;

ring('a boot over a cable that loses frames', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    bootFile: 'pxelinux.0',
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.install('syslinuxEfi');
      await root.write('pxelinux.cfg/default', pxelinuxConfig('default'));
    },
  });

  test.each([
    ['BIOS, 0.2 % lost, 1 % doubled', 'bios', { loss: 0.2, doubling: 1, holding: 0 }],
    ['OVMF, 1 % lost', 'uefi', { loss: 1, doubling: 0, holding: 0 }],
  ] as const)('%s: Linux starts (the seconds are shown, not judged)', async (name, firmware, percent) => {
    const { lab } = site();
    await lab.segment(firmware);
    const link = await addLossyLink(lab, { far: firmware, percent, seed: 7 });
    await addQuietRouter(lab, firmware);
    const machine = await powerOn(lab, {
      ...{ name: firmware, firmware, segment: firmware },
      mac: firmware === 'bios' ? '52:54:00:a7:00:21' : '52:54:00:a7:00:22',
    });
    const { seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    await machine.off();
    const counts = await link.stop();
    console.log(`${name}: Linux spoke after ${seconds.toFixed(1)} s, ${counts.dropped} frames lost`);
    expect(counts.dropped).toBeGreaterThan(5);
  });
});
