import { Arena } from './arena.ts';
import { setsockopt } from './ffi.ts';
import { SOCK_FILTER, SOCK_FPROG, SOL_SOCKET } from './structs.ts';

/** One instruction of a classic BPF program: its code, its operand, and how far it jumps when true and when false. */
export type Instruction = readonly [code: number, k: number, whenTrue?: number, whenFalse?: number];

/** Gives a socket a program (socket(7): SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF). False when the kernel refuses it. */
export function attachProgram(fd: number, option: number, program: readonly Instruction[]): boolean {
  const arena = new Arena(64 + program.length * SOCK_FILTER + SOCK_FPROG);
  const filters = arena.take(program.length * SOCK_FILTER);
  program.forEach(([code, k, whenTrue = 0, whenFalse = 0], i) => {
    const at = filters + i * SOCK_FILTER;
    arena.view.setUint16(at, code, true);
    arena.view.setUint8(at + 2, whenTrue);
    arena.view.setUint8(at + 3, whenFalse);
    arena.setInt(at + 4, k);
  });
  const header = arena.take(SOCK_FPROG);
  arena.view.setUint16(header, program.length, true);
  arena.setLong(header + 8, arena.pointer(filters));
  return setsockopt(fd, SOL_SOCKET, option, arena.pointer(header), SOCK_FPROG) === 0;
}
