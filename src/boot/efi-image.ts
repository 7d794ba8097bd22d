import { type Decoded, ok, rejected } from '../lib/result.ts';
import type { Cpu } from './arch-table.ts';

/** What the header of an EFI program says of it. */
export type EfiImage = {
  /** Field `Machine` of the COFF header. */
  readonly machine: number;
  /** What it runs on; `other` for processors that no firmware here has. */
  readonly cpu: Cpu;
};

/** Octets that hold the header of every program met so far: the DOS stub before it is some 128 octets long. */
export const EFI_HEAD_BYTES = 4096;

/** UEFI 2.10 §2.1.1, Table 2.1, and the PE format's list of machines. */
const MACHINES: Readonly<Record<number, Cpu>> = {
  332: 'x86',
  34404: 'x64',
  448: 'arm',
  450: 'arm',
  452: 'arm',
  43620: 'aa64',
  20530: 'riscv32',
  20580: 'riscv64',
  20776: 'riscv128',
  25138: 'loongarch32',
  25188: 'loongarch64',
};

/** Application, boot service driver, runtime driver, ROM. */
const EFI_SUBSYSTEMS: readonly number[] = [10, 11, 12, 13];

const PE_AT = 0x3c;
const MACHINE_AT = 4;
const OPTIONAL_SIZE_AT = 20;
const OPTIONAL_AT = 24;
/** The same in PE32 and PE32+. */
const SUBSYSTEM_AT = OPTIONAL_AT + 68;

/**
 * Reads the beginning of a file as that of an EFI program (a PE/COFF image for EFI's subsystems). Reasons: `no-image` (neither
 * the mark of DOS nor that of PE), `not-efi` (a program of another system), `truncated`.
 */
export function readEfiImage(head: Uint8Array): Decoded<EfiImage> {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 2) return rejected('truncated');
  if (view.getUint16(0) !== 0x4d5a) return rejected('no-image'); // MZ
  if (head.length < PE_AT + 4) return rejected('truncated');
  const pe = view.getUint32(PE_AT, true);
  if (pe + SUBSYSTEM_AT + 2 > head.length) return rejected('truncated');
  if (view.getUint32(pe) !== 0x5045_0000) return rejected('no-image'); // PE\0\0
  const machine = view.getUint16(pe + MACHINE_AT, true);
  const hasSubsystem = view.getUint16(pe + OPTIONAL_SIZE_AT, true) >= SUBSYSTEM_AT + 2 - OPTIONAL_AT;
  if (!hasSubsystem || !EFI_SUBSYSTEMS.includes(view.getUint16(pe + SUBSYSTEM_AT, true))) {
    return rejected('not-efi');
  }
  return ok({ machine, cpu: MACHINES[machine] ?? 'other' });
}

/** Octets of a program in which {@link isShim} finds what it looks for: the data sections of 16.1 begin at 557,056. */
export const SHIM_BYTES = 2 * 1024 * 1024;

const SHIM_MARK = [...'UEFI SHIM\n$Version: '].map((character) => character.charCodeAt(0));

/** Is this EFI program shim, whatever its name? Distributions call it `bootx64.efi` on their media. It carries its version. */
export function isShim(image: Uint8Array): boolean {
  const [first = 0, ...rest] = SHIM_MARK;
  for (let at = image.indexOf(first); at >= 0; at = image.indexOf(first, at + 1)) {
    if (rest.every((octet, i) => image[at + 1 + i] === octet)) return true;
  }
  return false;
}
