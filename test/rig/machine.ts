/** Virtual machines with real firmware (QEMU under TCG: no KVM needed) that boot from a lab's segment. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import type { Running } from './process.ts';
import { command, file, type Need } from './requirement.ts';
import { PROJECT } from './server.ts';

const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** QEMU's default option ROM for virtio. Named on the command line it would not run: only a default one gets its PCI id patched. */
const BIOS_ROM = '/usr/lib/ipxe/qemu/efi-virtio.rom';

export const qemu: Need = command('qemu-system-x86_64', 'qemu-system-x86');
export const biosRom: Need = file(BIOS_ROM, 'ipxe-qemu');
export const ovmf: Need = file(OVMF_CODE, 'ovmf');

export type MachineSpec = {
  name: string;
  mac: string;
  /** `bios`: SeaBIOS and QEMU's iPXE ROM. `uefi`: OVMF and its own PXE stack. */
  firmware: 'bios' | 'uefi';
  /** SMBIOS UUID; QEMU's zeros when absent. */
  uuid?: string;
  segment?: string;
  /** UEFI: by HTTP alone, without trying PXE first. */
  http?: boolean;
  /** An image of a disk, started from when the network gives up or says LOCALBOOT. */
  disk?: string;
};

export type Machine = {
  /** Everything on the serial console so far. */
  console(): string;
  /** The first match on the console and the seconds since power-on. */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<{ match: RegExpExecArray; seconds: number }>;
  /** Types on the serial console. */
  type(text: string): void;
  off(): Promise<void>;
};

/** Plugs in an IPv6 router that routes nothing, so that iPXE does not wait 16 s for one before its first file. */
export async function addQuietRouter(lab: Lab, segment?: string): Promise<Running> {
  const path = join(PROJECT, 'test/rig/quiet-router-process.ts');
  const running = lab.start([process.execPath, path, await lab.tap(segment)], 'quiet-router');
  await running.waitFor(/the router is up/, 15_000);
  return running;
}

/** What a disk made by `writeDisk` says when it is started from. */
export const DISK_STARTED = /THE LOCAL DISK HAS STARTED/;

/** Writes a disk image whose boot sector prints a line by BIOS calls and halts. */
export async function writeDisk(path: string): Promise<void> {
  const code = [
    ...[0x31, 0xc0, 0x8e, 0xd8], //       xor ax, ax; mov ds, ax
    ...[0xbe, 0x16, 0x7c, 0xfc], //       mov si, text (0x7c16); cld
    ...[0xac, 0x84, 0xc0, 0x74, 0x06], // next: lodsb; test al, al; jz halt
    ...[0xb4, 0x0e, 0xcd, 0x10], //       mov ah, 0x0e; int 0x10 (teletype output)
    ...[0xeb, 0xf5], //                   jmp next
    ...[0xf4, 0xeb, 0xfd], //             halt: hlt; jmp halt
  ];
  const image = Buffer.alloc(1024 * 1024);
  image.set(code, 0);
  image.write('THE LOCAL DISK HAS STARTED\r\n\0', code.length, 'latin1');
  image.writeUInt16LE(0xaa55, 510);
  await writeFile(path, image);
}

/** OVMF's switches for its PXE stacks; what is left of network boot is HTTP. */
const WITHOUT_PXE = ['IPv4', 'IPv6'].flatMap((ip) => [
  '-fw_cfg',
  `name=opt/org.tianocore/${ip}PXESupport,string=n`,
]);

/** Switches a machine on. `-boot n`: the network is all it can boot from. */
export async function powerOn(lab: Lab, spec: MachineSpec): Promise<Machine> {
  const tap = await lab.tap(spec.segment);
  const firmware: string[] = [];
  if (spec.firmware === 'uefi') {
    const vars = join(lab.folder, `${spec.name}-${tap}-vars.fd`);
    await copyFile(OVMF_VARS, vars);
    firmware.push('-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${OVMF_CODE}`);
    firmware.push('-drive', `if=pflash,format=raw,unit=1,file=${vars}`);
  }
  if (spec.http === true) firmware.push(...WITHOUT_PXE);
  // OVMF drives virtio itself; the iPXE option ROM would take its place.
  const rom = spec.firmware === 'uefi' ? ',romfile=' : '';
  const powered = performance.now();
  const running = lab.start(
    [
      'qemu-system-x86_64',
      ...['-accel', 'tcg', '-m', '512', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio'],
      ...['-boot', 'n'],
      ...(spec.uuid === undefined ? [] : ['-uuid', spec.uuid]),
      ...firmware,
      ...(spec.disk === undefined ? [] : ['-drive', `file=${spec.disk},format=raw,if=ide`]),
      ...['-netdev', `tap,id=net0,ifname=${tap},script=no,downscript=no`],
      ...['-device', `virtio-net-pci,netdev=net0,mac=${spec.mac},bootindex=0${rom}`],
    ],
    `machine-${spec.name}-${tap}`,
  );
  return {
    console: running.output,
    waitFor: async (pattern, timeoutMs) => {
      const match = await running.waitFor(pattern, timeoutMs);
      return { match, seconds: (performance.now() - powered) / 1000 };
    },
    type: running.write,
    off: () => running.stop(),
  };
}
