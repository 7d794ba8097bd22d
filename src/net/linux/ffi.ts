import { arch, constants, endianness } from 'node:os';
import koffi from 'koffi';

/**
 * The C library's calls. Pointers travel as numbers: user addresses have 47 bits (52 on arm64), a double holds 53, and
 * numbers cost no allocation. A call costs about 0.2 µs.
 */

/** Are the struct layouts of structs.ts true here: 64-bit pointers, little-endian, Linux? */
export function layoutsHold(): boolean {
  return (
    process.platform === 'linux' &&
    endianness() === 'LE' &&
    ['x64', 'arm64', 'riscv64', 'loong64'].includes(arch())
  );
}

// Loading the program itself finds the libc that Node is linked to, glibc or musl.
const libc = koffi.load(null);

export const socket = libc.func('socket', 'int', ['int', 'int', 'int']) as (
  domain: number,
  type: number,
  protocol: number,
) => number;

export const bind = libc.func('bind', 'int', ['int', 'uintptr', 'uint']) as (
  fd: number,
  address: number,
  length: number,
) => number;

export const getsockname = libc.func('getsockname', 'int', ['int', 'uintptr', 'uintptr']) as (
  fd: number,
  address: number,
  lengthAt: number,
) => number;

export const setsockopt = libc.func('setsockopt', 'int', ['int', 'int', 'int', 'uintptr', 'uint']) as (
  fd: number,
  level: number,
  name: number,
  value: number,
  length: number,
) => number;

export const getsockopt = libc.func('getsockopt', 'int', ['int', 'int', 'int', 'uintptr', 'uintptr']) as (
  fd: number,
  level: number,
  name: number,
  value: number,
  lengthAt: number,
) => number;

export const ioctl = libc.func('ioctl', 'int', ['int', 'ulong', 'uintptr']) as (
  fd: number,
  request: number,
  argument: number,
) => number;

export const recvmmsg = libc.func('recvmmsg', 'int', ['int', 'uintptr', 'uint', 'int', 'uintptr']) as (
  fd: number,
  messages: number,
  count: number,
  flags: number,
  timeout: number,
) => number;

export const sendmmsg = libc.func('sendmmsg', 'int', ['int', 'uintptr', 'uint', 'int']) as (
  fd: number,
  messages: number,
  count: number,
  flags: number,
) => number;

export const send = libc.func('send', 'intptr', ['int', 'uintptr', 'uintptr', 'int']) as (
  fd: number,
  bytes: number,
  length: number,
  flags: number,
) => number;

export const recv = libc.func('recv', 'intptr', ['int', 'uintptr', 'uintptr', 'int']) as (
  fd: number,
  bytes: number,
  length: number,
  flags: number,
) => number;

export const connect = libc.func('connect', 'int', ['int', 'uintptr', 'uint']) as (
  fd: number,
  address: number,
  length: number,
) => number;

export const listen = libc.func('listen', 'int', ['int', 'int']) as (fd: number, backlog: number) => number;

export const fcntl = libc.func('fcntl', 'int', ['int', 'int', 'int']) as (
  fd: number,
  command: number,
  argument: number,
) => number;

export const close = libc.func('close', 'int', ['int']) as (fd: number) => number;

export const epollCreate = libc.func('epoll_create1', 'int', ['int']) as (flags: number) => number;

export const epollCtl = libc.func('epoll_ctl', 'int', ['int', 'int', 'int', 'uintptr']) as (
  epoll: number,
  operation: number,
  fd: number,
  event: number,
) => number;

export const epollWait = libc.func('epoll_wait', 'int', ['int', 'uintptr', 'int', 'int']) as (
  epoll: number,
  events: number,
  count: number,
  timeoutMs: number,
) => number;

export const eventfd = libc.func('eventfd', 'int', ['uint', 'int']) as (
  initial: number,
  flags: number,
) => number;

export const read = libc.func('read', 'intptr', ['int', 'uintptr', 'uintptr']) as (
  fd: number,
  bytes: number,
  length: number,
) => number;

export const write = libc.func('write', 'intptr', ['int', 'uintptr', 'uintptr']) as (
  fd: number,
  bytes: number,
  length: number,
) => number;

/** The address, or -1 (MAP_FAILED) as a signed number. */
export const mmap = libc.func('mmap', 'intptr', ['uintptr', 'uintptr', 'int', 'int', 'int', 'int64']) as (
  address: number,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => number;

export const munmap = libc.func('munmap', 'int', ['uintptr', 'uintptr']) as (
  address: number,
  length: number,
) => number;

/** 0 or an errno, which is its result. */
export const posixFadvise = libc.func('posix_fadvise', 'int', ['int', 'int64', 'int64', 'int']) as (
  fd: number,
  offset: number,
  length: number,
  advice: number,
) => number;

/** preadv2(2) as a system call: musl has no such function. `offsetHigh` is 0 on 64-bit systems. */
export const preadv2 = libc.func('syscall', 'intptr', [
  ...['long', 'long', 'uintptr', 'uintptr', 'int64', 'long', 'long'],
]) as (
  number: number,
  fd: number,
  iovecs: number,
  count: number,
  offset: number,
  offsetHigh: number,
  flags: number,
) => number;

/** The raw system call, for those that the C library does not wrap. */
export const syscall = libc.func('syscall', 'intptr', ['long', 'long', 'uintptr', 'uintptr', 'uintptr']) as (
  number: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number;

export const prctl = libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']) as (
  option: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number;

/** The C library's own: it applies to every thread of the process. */
export const setresuid = libc.func('setresuid', 'int', ['uint', 'uint', 'uint']) as (
  real: number,
  effective: number,
  saved: number,
) => number;

export const setresgid = libc.func('setresgid', 'int', ['uint', 'uint', 'uint']) as (
  real: number,
  effective: number,
  saved: number,
) => number;

export const setgroups = libc.func('setgroups', 'int', ['uintptr', 'uintptr']) as (
  count: number,
  list: number,
) => number;

export const getifaddrs = libc.func('getifaddrs', 'int', ['uintptr']) as (listAt: number) => number;
export const freeifaddrs = libc.func('freeifaddrs', 'void', ['uintptr']) as (list: number) => void;

/** Of the numbers with two names, 11 and 95, those of the manual pages: EAGAIN and EOPNOTSUPP. */
const NAMES = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP')
    .map(([name, number]) => [number, name]),
);

/** The number of the last call's error; ask at once. */
export function lastErrno(): number {
  return koffi.errno();
}

/** `EADDRINUSE` for 98. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** Where the memory of `buffer` lies. The caller keeps it reachable for as long as the kernel may look there. */
export function addressOf(buffer: ArrayBuffer): number {
  return Number(koffi.address(buffer));
}

/** Memory that C made, as bytes; the caller knows that it lives long enough. */
export function foreignBytes(address: number, length: number): Uint8Array {
  return new Uint8Array(koffi.view(BigInt(address), length));
}

/** A NUL-terminated string that C made. */
export function foreignString(address: number): string {
  return koffi.decode.string(BigInt(address));
}

/** Tells in the event loop when a descriptor is readable, between start() and stop(). */
export type ReadWatch = { start(onReadable: () => void): void; stop(): void; close(): void };

/** A watch on `fd` that is not started yet. */
export function watchReadable(fd: number): ReadWatch {
  const handle = koffi.node.poll(fd, { readable: true }, () => {});
  handle.stop();
  return {
    start: (onReadable) => handle.start({ readable: true }, onReadable),
    stop: () => handle.stop(),
    close: () => handle.close(),
  };
}
