/** Boards of QEMU with U-Boot as their firmware. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Lab } from './lab.ts';
import { type Command, must, type Running } from './process.ts';
import { command, file, type Need } from './requirement.ts';

type Board = {
  readonly qemu: Command;
  readonly qemuPackage: string;
  readonly firmware: string;
  /** U-Boot 2023.01 takes one octet of a PCI virtio card's MAC address six times, so the ARM board's is not on PCI. */
  readonly card: string;
};

const BOARDS = {
  x86: {
    qemu: ['qemu-system-x86_64', '-accel', 'tcg', '-m', '512'],
    qemuPackage: 'qemu-system-x86',
    firmware: '/usr/lib/u-boot/qemu-x86/u-boot.rom',
    card: 'e1000',
  },
  arm64: {
    qemu: ['qemu-system-aarch64', '-M', 'virt', '-cpu', 'cortex-a53', '-accel', 'tcg', '-m', '512'],
    qemuPackage: 'qemu-system-arm',
    firmware: '/usr/lib/u-boot/qemu_arm64/u-boot.bin',
    card: 'virtio-net-device',
  },
} as const satisfies Record<string, Board>;

export type BoardName = keyof typeof BOARDS;

export function uBoot(name: BoardName): Need {
  const { qemu, qemuPackage, firmware } = BOARDS[name];
  return () => command(qemu[0], qemuPackage)() ?? file(firmware, 'u-boot-qemu')();
}

/** Switches a board on and stops at U-Boot's prompt, where `write` types. Everything comes on its serial console. */
export async function startUBoot(lab: Lab, name: BoardName, { mac }: { mac: string }): Promise<Running> {
  const { qemu, firmware, card } = BOARDS[name];
  const tap = await lab.tap();
  const board = lab.start(
    [
      ...qemu,
      ...['-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-bios', firmware],
      ...['-netdev', `tap,id=net0,ifname=${tap},script=no,downscript=no`],
      ...['-device', `${card},netdev=net0,mac=${mac}`],
    ],
    `u-boot-${name}-${tap}`,
  );
  await board.waitFor(/Hit any key to stop autoboot/, 60_000);
  board.write('\r');
  await board.waitFor(/=> $/, 30_000);
  return board;
}

/** Writes the device tree of the ARM board, as QEMU makes it, to a file whose folder is made. */
export async function writeDeviceTree(path: string): Promise<void> {
  const { qemu, firmware } = BOARDS.arm64;
  await mkdir(dirname(path), { recursive: true });
  await must([...qemu, '-M', `virt,dumpdtb=${path}`, '-bios', firmware, '-nographic']);
}
