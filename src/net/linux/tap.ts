/**
 * A TAP device: one end is a network interface of this namespace, the other is a file on which each read and write
 * is one Ethernet frame. Whoever holds the file is a machine plugged into that interface, no veth and no `ip` needed.
 */
import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';

const libc = koffi.load(null); // what the process already has: works on glibc and musl alike
const PollFd = koffi.struct('tap_pollfd', { fd: 'int', events: 'short', revents: 'short' });
const ioctl = libc.func('int ioctl(int fd, unsigned long request, uint8_t *argument)');
const read = libc.func('intptr_t read(int fd, uint8_t *into, size_t length)');
const write = libc.func('intptr_t write(int fd, const uint8_t *from, size_t length)');
const mknod = libc.func('int mknod(const char *path, uint32_t mode, uint64_t device)');
const poll = libc.func('poll', 'int', [koffi.pointer(PollFd), 'ulong', 'int']);

const DEVICE = '/dev/net/tun';
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000; // bare frames, without the four octets of packet information
const POLLIN = 0x0001;
const S_IFCHR = 0o020000;
const TUN_DEVICE_NUMBER = (10n << 8n) | 200n; // misc major, tun minor: Documentation/admin-guide/devices.txt

/** Longest frame a TAP of MTU 1500 yields, VLAN tag included; a round buffer size above it. */
const FRAME_ROOM = 2048;

/** An open TAP device. The interface disappears when the last holder of `fd` closes it. */
export class Tap {
  readonly name: string;
  /** Non-blocking; may be handed to another process (QEMU's `-netdev tap,fd=3`) instead of being read here. */
  readonly fd: number;
  readonly #room = new Uint8Array(new ArrayBuffer(FRAME_ROOM));

  constructor(name: string, fd: number) {
    this.name = name;
    this.fd = fd;
  }

  /** The next frame as a copy, or undefined when none waits. Throws an errno error when the device is gone. */
  read(): Uint8Array | undefined {
    const length = Number(read(this.fd, this.#room, FRAME_ROOM));
    if (length >= 0) return this.#room.slice(0, length);
    const errno = koffi.errno();
    if (errno === koffi.os.errno.EAGAIN || errno === koffi.os.errno.EINTR) return undefined;
    throw errnoError(`Cannot read from ${this.name}`, errno);
  }

  /** Sends one frame into the interface. false when the interface is down or its queue is full: a lost frame. */
  write(frame: Uint8Array): boolean {
    return Number(write(this.fd, frame, frame.length)) === frame.length;
  }

  /** Waits for a frame, at most `timeoutMs`; true when one may be read. Does not hold up the event loop. */
  readable(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      poll.async(
        [{ fd: this.fd, events: POLLIN, revents: 0 }],
        1,
        Math.max(0, Math.ceil(timeoutMs)),
        (error: Error | null, ready: number) => (error ? reject(error) : resolve(ready > 0)),
      );
    });
  }

  /** Call it once, and not while {@link readable} waits. */
  close(): void {
    closeSync(this.fd);
  }
}

/**
 * Creates the TAP interface `name` in the network namespace of the calling thread. Needs CAP_NET_ADMIN there.
 *
 * A missing /dev/net/tun is made when that is permitted (root in a container without udev). Throws an Error with
 * `code` (ENOENT: no tun driver or device; EPERM, EACCES: not permitted; EBUSY: the name is taken).
 */
export function openTap(name: string): Tap {
  if (!existsSync(DEVICE)) makeDevice();
  const fd = openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  const request = new Uint8Array(new ArrayBuffer(128)); // struct ifreq is 40; small arrays may move in memory
  request.set(new TextEncoder().encode(name.slice(0, 15)));
  new DataView(request.buffer).setUint16(16, IFF_TAP | IFF_NO_PI, true);
  if (Number(ioctl(fd, TUNSETIFF, request)) < 0) {
    const errno = koffi.errno();
    closeSync(fd);
    throw errnoError(`Cannot create the TAP device ${name}`, errno);
  }
  return new Tap(name, fd);
}

function makeDevice(): void {
  mkdirSync('/dev/net', { recursive: true });
  if (Number(mknod(DEVICE, S_IFCHR | 0o666, TUN_DEVICE_NUMBER)) < 0) {
    throw errnoError(`Cannot make ${DEVICE}`, koffi.errno());
  }
}

function errnoError(message: string, errno: number): Error {
  const [code] = Object.entries(koffi.os.errno).find(([, value]) => value === errno) ?? ['UNKNOWN'];
  return Object.assign(new Error(`${message}: ${getSystemErrorMessage(-errno)} (${code})`), { code, errno });
}
