import { afterEach, expect, test } from 'vitest';
import { createBootRoot, linux } from '../rig/boot-root.ts';
import type { Running } from '../rig/process.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const FIRMWARE = '/usr/lib/u-boot/qemu-x86/u-boot.rom';
const NEEDS = [namespaces, tun, linux, file(FIRMWARE, 'u-boot-qemu')].concat([
  command('qemu-system-i386', 'qemu-system-x86'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const MAC = '52:54:00:a8:00:21';

const CONFIG = `
profiles:
  board:
    kernel: vmlinuz
    initrd: [initrd.gz, another.gz]
    args: console=ttyS0 quiet panic=-1 pxed.config=u-boot/\${mac-hyp}
hosts:
  - { mac: '${MAC}', profile: board }
`;

ring('U-Boot with a profile', NEEDS, () => {
  const site = useSite({ root: createBootRoot, bootFile: 'vmlinuz', config: CONFIG });
  let machine: Running | undefined;
  afterEach(async () => machine?.stop());

  test('`pxe get; pxe boot` gets its own configuration at once, of one initrd, and starts Linux', async () => {
    const { lab, capture } = site();
    const tap = await lab.tap();
    const board = lab.start(
      [
        'qemu-system-x86_64',
        ...['-accel', 'tcg', '-m', '512', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio'],
        ...['-bios', FIRMWARE],
        ...['-netdev', `tap,id=net0,ifname=${tap},script=no,downscript=no`],
        ...['-device', `e1000,netdev=net0,mac=${MAC}`],
      ],
      'u-boot',
    );
    machine = board;
    await board.waitFor(/Hit any key to stop autoboot/, 60_000);
    board.write('\r');
    await board.waitFor(/=> $/, 30_000);
    // This board's own addresses have no room for a configuration.
    board.write('setenv autoload no; setenv pxefile_addr_r 0x800000\r');
    board.write('dhcp; pxe get; pxe boot\r');
    const told = await board.waitFor(/Kernel command line: "(.*?)"/, 120_000);
    expect(told[1]).toBe('console=ttyS0 quiet panic=-1 pxed.config=u-boot/52-54-00-a8-00-21');
    // U-Boot 2023.01 tells a kernel of x86 a length of the initrd that it never set: Linux starts, and finds no root.
    await board.waitFor(/Kernel panic - not syncing: VFS|PXED-BOOTED/, 60_000);
    const rows = await capture.read(`tftp.opcode == 1 && eth.src == ${MAC}`, ['tftp.source_file']);
    const asked = rows.map((row) => row['tftp.source_file']);
    expect(asked).toEqual(['pxelinux.cfg/01-52-54-00-a8-00-21', 'initrd.gz', 'vmlinuz']);
  });
});
