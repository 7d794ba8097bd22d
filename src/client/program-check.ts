/** Is a file that came what this machine can run? As far as its first octets and its length tell. */
import { archOf } from '../boot/arch-table.ts';
import { readEfiImage } from '../boot/efi-image.ts';
import { latin1Decode } from '../lib/bytes.ts';
import { formatBytes } from '../lib/size.ts';
import { firmwareOf } from './dhcp-voice.ts';
import type { RomIdentity } from './rom-identity.ts';

/** `why` is a stable code; `note`: odd, but it may boot all the same. */
export type Problem = { readonly why: string; readonly detail: string };

type File = { readonly sizeBytes: number; readonly head: Uint8Array };

/** As many octets of the beginning as the checks look at: the headers of programs and kernels. */
export const PROGRAM_HEAD_BYTES = 4096;

/**
 * The boot file of firmware: `empty`, `wrong-arch` (an EFI program for BIOS, or for another processor), `not-a-program`,
 * `truncated`.
 */
export function checkBootFile(rom: RomIdentity, file: File): Problem | undefined {
  if (file.sizeBytes === 0) return EMPTY;
  const arch = archOf(rom.arch ?? 0);
  const efi = readEfiImage(file.head);
  if (firmwareOf(rom) === 'uefi' || firmwareOf(rom) === 'http') {
    if (!efi.ok)
      return { why: 'wrong-arch', detail: `no EFI program (${nature(file.head)}): UEFI cannot start it` };
    if (efi.value.cpu !== arch.cpu) {
      return {
        why: 'wrong-arch',
        detail: `an EFI program for ${efi.value.cpu}; ${arch.name} is ${arch.cpu}`,
      };
    }
    return shorterThan(file, efiLength(file.head));
  }
  if (efi.ok)
    return { why: 'wrong-arch', detail: `an EFI program for ${efi.value.cpu}: BIOS cannot start it` };
  const kind = nature(file.head);
  if (kind !== 'octets') return { why: 'not-a-program', detail: `${kind}, no boot program for BIOS` };
  // PXE 2.1 §3.1: a ROM loads below 640 kB, and 32 kB are the least that it must take.
  if (file.sizeBytes > BASE_MEMORY_BYTES) {
    return {
      why: 'note',
      detail: `${formatBytes(file.sizeBytes)}: a BIOS ROM loads into the memory below 640 kB`,
    };
  }
  return undefined;
}

/** A kernel: `empty`, `truncated` (its header says how long it is), `not-a-program` (text, HTML or zeros where a kernel should be). */
export function checkKernel(file: File): Problem | undefined {
  if (file.sizeBytes === 0) return EMPTY;
  const kind = nature(file.head);
  if (NO_KERNEL.includes(kind)) return { why: 'not-a-program', detail: `${kind}, no kernel` };
  return shorterThan(file, linuxLength(file.head) ?? efiLength(file.head));
}

/** PXELINUX's core module, which is ELF for each of its processors: `empty`, `not-a-program`. */
export function checkCoreModule({ sizeBytes, head }: File): Problem | undefined {
  if (sizeBytes === 0) return EMPTY;
  if (latin1Decode(head.subarray(0, 4)) === ELF) return undefined;
  return { why: 'not-a-program', detail: `${nature(head)}, no module of PXELINUX` };
}

/** An initrd, a module: nothing but `empty` can be told. */
export function checkContent({ sizeBytes }: File): Problem | undefined {
  return sizeBytes === 0 ? EMPTY : undefined;
}

const EMPTY: Problem = { why: 'empty', detail: 'the file is empty' };
const ELF = '\x7fELF';
/** What {@link nature} says of files that no loader runs; of a script iPXE's `kernel` makes an image, too. */
const NO_KERNEL = ['a page of HTML', 'text', 'nothing but zeros'];
const BASE_MEMORY_BYTES = 640 * 1024;

function shorterThan({ sizeBytes }: File, least: number | undefined): Problem | undefined {
  if (least === undefined || sizeBytes >= least) return undefined;
  const detail = `cut off: ${sizeBytes} octets, and its own header says ${least}`;
  return { why: 'truncated', detail };
}

/** What foreign octets look like; `octets`: nothing known. */
function nature(head: Uint8Array): string {
  const text = latin1Decode(head.subarray(0, 256));
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) return 'a page of HTML';
  if (text.startsWith('#!ipxe')) return 'a script for iPXE';
  if (/^[\t\n\r\x20-\x7e]{16,}$/.test(text)) return 'text';
  if (head.length > 0 && head.every((octet) => octet === 0)) return 'nothing but zeros';
  return 'octets';
}

/**
 * Length of a Linux bzImage: setup sectors, and the rest in units of 16 octets (Documentation/arch/x86/boot.rst, `setup_sects`,
 * `syssize`), the last of which need not be whole.
 */
function linuxLength(head: Uint8Array): number | undefined {
  if (head.length < 0x210 || latin1Decode(head.subarray(0x202, 0x206)) !== 'HdrS') return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const setupSectors = head[0x1f1] || 4;
  return (setupSectors + 1) * 512 + view.getUint32(0x1f4, true) * 16 - 15;
}

const PE_AT = 0x3c;
const SECTION_BYTES = 40;

/** Where the last section of a PE program ends; undefined where the header is not whole, or none. */
function efiLength(head: Uint8Array): number | undefined {
  if (!readEfiImage(head).ok) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const pe = view.getUint32(PE_AT, true);
  const sections = view.getUint16(pe + 6, true);
  const first = pe + 24 + view.getUint16(pe + 20, true);
  if (first + sections * SECTION_BYTES > head.length) return undefined;
  let end = 0;
  for (let at = first; at < first + sections * SECTION_BYTES; at += SECTION_BYTES) {
    const sizeBytes = view.getUint32(at + 16, true);
    if (sizeBytes > 0) end = Math.max(end, view.getUint32(at + 20, true) + sizeBytes);
  }
  return end;
}
