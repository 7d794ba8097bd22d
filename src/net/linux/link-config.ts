/** The few ioctls that `ip address add` and `ip link set up` stand for (netdevice(7)). */
import { closeSync } from 'node:fs';
import { endianness } from 'node:os';
import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';
import { type Ipv4, maskOf } from '../../lib/ipv4.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, uint8_t *argument)');

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFADDR = 0x8916;
const SIOCSIFNETMASK = 0x891c;
const IFF_UP = 0x0001;
const LITTLE = endianness() === 'LE';

/** struct ifreq: a name of 16 octets, then a union that starts here. */
const UNION = 16;

/** `address` and the mask of `prefixLength` for the interface `name`. Throws an Error that names the interface. */
export function setLinkAddress(name: string, address: Ipv4, prefixLength: number): void {
  withSocket((fd) => {
    request(fd, { name, code: SIOCSIFADDR, fill: (view) => putSockaddr(view, address) });
    request(fd, { name, code: SIOCSIFNETMASK, fill: (view) => putSockaddr(view, maskOf(prefixLength)) });
  });
}

/** `ip link set NAME up`. Throws an Error that names the interface. */
export function setLinkUp(name: string): void {
  withSocket((fd) => {
    const flags = request(fd, { name, code: SIOCGIFFLAGS }).getUint16(UNION, LITTLE);
    request(fd, {
      name,
      code: SIOCSIFFLAGS,
      fill: (view) => view.setUint16(UNION, flags | IFF_UP, LITTLE),
    });
  });
}

type LinkRequest = {
  readonly name: string;
  readonly code: number;
  readonly fill?: (view: DataView) => void;
};

function request(fd: number, { name, code, fill }: LinkRequest): DataView {
  const bytes = new Uint8Array(new ArrayBuffer(128)); // 40 are used; small arrays may move in memory
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(name.slice(0, 15)));
  fill?.(view);
  if (Number(ioctl(fd, code, bytes)) < 0) {
    throw new Error(
      `Cannot configure ${name}: ${getSystemErrorMessage(-koffi.errno())} (ioctl 0x${code.toString(16)})`,
    );
  }
  return view;
}

function putSockaddr(view: DataView, address: Ipv4): void {
  view.setUint16(UNION, AF_INET, LITTLE); // sa_family in host order
  view.setUint32(UNION + 4, address); // sin_addr in network order, after the port
}

function withSocket(use: (fd: number) => void): void {
  const fd = Number(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0));
  if (fd < 0) throw new Error(`Cannot open a socket: ${getSystemErrorMessage(-koffi.errno())}`);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}
