/**
 * The smallest first program a Linux machine can run: it says a line and its kernel command line on the console and
 * restarts the machine. Written as machine code, so that the demo needs no compiler and no busybox.
 *
 *     write(1, line); mount("proc", "/proc", "proc"); fd = open("/proc/cmdline"); n = read(fd, room, 4096);
 *     write(1, room, n); reboot(RESTART); for (;;);
 */
import type { CpioEntry } from './cpio.ts';

const BASE = 0x40_0000;
const HEADERS = 64 + 56; // ELF header and one program header
const CODE_ROOM = 256;
const TEXT_ROOM = 512;
const READ_ROOM = 4096;

/** System calls of x86-64: arch/x86/entry/syscalls/syscall_64.tbl. */
const SYS = { read: 0, write: 1, open: 2, mount: 165, reboot: 169 } as const;
/** linux/reboot.h: two magic numbers, then the command. QEMU's -no-reboot turns the restart into its end. */
const REBOOT = [0xfee1_dead, 0x2812_1969, 0x0123_4567] as const;

/** `mov r32, imm32` for the argument registers of a system call, in order: edi, esi, edx, r10d, r8d. */
const ARGUMENT = [[0xbf], [0xbe], [0xba], [0x41, 0xba], [0x41, 0xb8]] as const;
const MOV_EAX = [0xb8];
const SYSCALL = [0x0f, 0x05];
const EDI_FROM_EAX = [0x89, 0xc7];
const EDX_FROM_EAX = [0x89, 0xc2];
const FOREVER = [0xeb, 0xfe];

/** An RAM disk's files: /init, which prints `line` and then the kernel command line, and what it needs. */
export function tinyInitFiles(line: string): CpioEntry[] {
  return [
    { path: 'dev', mode: 0o040755 },
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    { path: 'proc', mode: 0o040755 },
    { path: 'init', mode: 0o100755, content: tinyInit(line) },
  ];
}

/** A static x86-64 ELF program; `line` is printed as it is, in UTF-8, at most 450 octets. */
export function tinyInit(line: string): Uint8Array {
  const texts = layTexts([line, 'proc', '/proc', '/proc/cmdline']);
  const [said, proc, mountPoint, commandLine] = texts.at;
  const room = BASE + HEADERS + CODE_ROOM + TEXT_ROOM;
  const code = [
    ...call(SYS.write, [1, said!, Buffer.byteLength(line)]),
    ...call(SYS.mount, [proc!, mountPoint!, proc!, 0, 0]),
    ...call(SYS.open, [commandLine!, 0]),
    ...EDI_FROM_EAX, // the descriptor
    ...call(SYS.read, [undefined, room, READ_ROOM]),
    ...EDX_FROM_EAX, // how much was read
    ...call(SYS.write, [1, room, undefined]),
    ...call(SYS.reboot, REBOOT),
    ...FOREVER,
  ];
  if (code.length > CODE_ROOM) throw new RangeError(`Cannot lay out init: ${code.length} octets of code`);
  const file = Buffer.alloc(HEADERS + CODE_ROOM + TEXT_ROOM);
  writeHeaders(file);
  file.set(code, HEADERS);
  file.set(texts.bytes, HEADERS + CODE_ROOM);
  return file;
}

/** `mov` for each argument that is given (undefined: the register already holds it), then the call. */
function call(number: number, args: readonly (number | undefined)[]): number[] {
  const moves = args.flatMap((value, index) =>
    value === undefined ? [] : [...ARGUMENT[index]!, ...u32(value)],
  );
  return [...moves, ...MOV_EAX, ...u32(number), ...SYSCALL];
}

function u32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

function layTexts(texts: readonly string[]): { at: number[]; bytes: Uint8Array } {
  const bytes = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  if (bytes.length > TEXT_ROOM) throw new RangeError(`Cannot lay out init: ${bytes.length} octets of text`);
  let next = BASE + HEADERS + CODE_ROOM;
  const at = texts.map((text) => {
    const here = next;
    next += Buffer.byteLength(text) + 1;
    return here;
  });
  return { at, bytes };
}

/** System V ABI: an executable of one segment, loaded at BASE, entered behind the headers. */
function writeHeaders(file: Buffer): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bit, little endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(62, 18); // EM_X86_64
  file.writeUInt32LE(1, 20); // version
  file.writeBigUInt64LE(BigInt(BASE + HEADERS), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers follow this one
  file.writeUInt16LE(64, 52); // sizes of the headers, and how many
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(7, 68); // read, write, execute
  file.writeBigUInt64LE(BigInt(BASE), 80); // virtual and physical address
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96); // in the file, in memory
  file.writeBigUInt64LE(BigInt(file.length + READ_ROOM), 104);
  file.writeBigUInt64LE(4096n, 112); // alignment
}
