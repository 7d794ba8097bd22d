import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux } from '../rig/boot-root.ts';
import { arm64Linux, createArm64BootRoot } from '../rig/boot-root-arm64.ts';
import type { Capture } from '../rig/capture.ts';
import type { Running } from '../rig/process.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { type Site, useSite } from '../rig/site.ts';
import { type BoardName, startUBoot, uBoot, writeDeviceTree } from '../rig/u-boot.ts';

const NEEDS = [namespaces, tun, command('tcpdump', 'tcpdump'), command('tshark', 'tshark')];
const BY_MAC = '52:54:00:a8:00:22';
const OTHER_MAC = '52:54:00:a8:00:23';
const BY_UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3302';
const X86_MAC = '52:54:00:a8:00:21';

/** What U-Boot's own boot scripts do, without the boot file being fetched first. */
const BOOT = 'setenv autoload no; dhcp; pxe get; pxe boot\r';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
const ARM64_CONFIG = `
profiles:
  everybody: { kernel: arm64/vmlinuz, args: pxed.config=everybody }
  mine:
    kernel: arm64/vmlinuz
    initrd: [arm64/initrd.gz, arm64/another.gz]
    args: console=ttyAMA0 quiet panic=-1 pxed.config=by-mac/\${mac-hyp}/\${ip}
  theirs:
    kernel: arm64/vmlinuz
    initrd: arm64/initrd.gz
    fdtdir: arm64/dtb
    args: console=ttyAMA0 quiet panic=-1 pxed.config=by-uuid/\${uuid}
profile: everybody
hosts:
  - { mac: '${BY_MAC}', address: 192.168.77.22, profile: mine }
  - { uuid: ${BY_UUID}, profile: theirs }
`;
const X86_CONFIG = `
profiles:
  board:
    kernel: vmlinuz
    initrd: [initrd.gz, another.gz]
    args: console=ttyS0 quiet panic=-1 pxed.config=u-boot/\${mac-hyp}
hosts:
  - { mac: '${X86_MAC}', profile: board }
`;
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of the configuration

/** The names that a machine asked for by TFTP, in order. */
async function askedBy(mac: string, capture: Capture): Promise<string[]> {
  const rows = await capture.read(`tftp.opcode == 1 && eth.src == ${mac}`, ['tftp.source_file']);
  return rows.map((row) => row['tftp.source_file']);
}

/** Boards are switched off when their test is over. */
function useBoards(site: () => Site) {
  const boards: Running[] = [];
  afterEach(async () => {
    await Promise.all(boards.splice(0).map((board) => board.stop()));
  });
  return async (name: BoardName, mac: string) => {
    const board = await startUBoot(site().lab, name, { mac });
    boards.push(board);
    return board;
  };
}

ring('U-Boot for ARM with profiles', [...NEEDS, uBoot('arm64'), arm64Linux], () => {
  const site = useSite({
    root: createArm64BootRoot,
    bootFile: 'arm64/vmlinuz',
    config: ARM64_CONFIG,
    prepare: ({ path }) => writeDeviceTree(join(path, 'arm64/dtb/qemu-arm.dtb')),
  });
  const start = useBoards(site);

  test('by MAC: finds its configuration under the first name and boots Linux into its initrd', async () => {
    const board = await start('arm64', BY_MAC);
    board.write(BOOT);
    const told = await board.waitFor(BOOTED, 120_000);
    expect(told[1]).toBe('console=ttyAMA0 quiet panic=-1 pxed.config=by-mac/52-54-00-a8-00-22/192.168.77.22');
    expect(await board.exited).toBe(0);
    expect(await askedBy(BY_MAC, site().capture)).toEqual([
      'arm64/pxelinux.cfg/01-52-54-00-a8-00-22',
      'arm64/initrd.gz',
      'arm64/vmlinuz',
    ]);
  });

  test('by UUID: takes the device tree of `fdtdir` for its board, too', async () => {
    const { capture } = site();
    const board = await start('arm64', OTHER_MAC);
    // QEMU's board is given its device tree at power-on, and so has no place for another one.
    board.write(`setenv pxeuuid ${BY_UUID}; setenv fdt_addr_r 0x48000000; ${BOOT}`);
    await board.waitFor(/Booting using the fdt blob at 0x48000000/, 120_000);
    const told = await board.waitFor(BOOTED, 60_000);
    expect(told[1]).toBe(`console=ttyAMA0 quiet panic=-1 pxed.config=by-uuid/${BY_UUID}`);
    expect(await askedBy(OTHER_MAC, capture)).toEqual([
      `arm64/pxelinux.cfg/${BY_UUID}`,
      'arm64/initrd.gz',
      'arm64/vmlinuz',
      'arm64/dtb/qemu-arm.dtb',
    ]);
  });
});

ring('U-Boot for x86 with a profile', [...NEEDS, uBoot('x86'), linux], () => {
  const site = useSite({ root: createBootRoot, bootFile: 'vmlinuz', config: X86_CONFIG });
  const start = useBoards(site);

  // No further: U-Boot 2023.01 tells a kernel of x86 a length of the initrd that it never set, and Linux finds no root.
  test('finds its configuration under the first name, fetches one initrd and the kernel, and starts it', async () => {
    const board = await start('x86', X86_MAC);
    // This board's own addresses have no room for a configuration.
    board.write(`setenv pxefile_addr_r 0x800000; ${BOOT}`);
    const told = await board.waitFor(/Kernel command line: "(.*?)"/, 120_000);
    expect(told[1]).toBe('console=ttyS0 quiet panic=-1 pxed.config=u-boot/52-54-00-a8-00-21');
    expect(await askedBy(X86_MAC, site().capture)).toEqual([
      'pxelinux.cfg/01-52-54-00-a8-00-21',
      'initrd.gz',
      'vmlinuz',
    ]);
  });
});
