import { createSocket, type Socket } from 'node:dgram';
import { formatIpv4 } from '../lib/ipv4.ts';
import { type AddressBook, createAddressBook, interfaceNames } from './address-book.ts';
import type { Account, BoundSocket, Network, Outcome, SocketSpec } from './datagram.ts';
import { FileContent } from './dgram-content.ts';
import { EventPoller } from './dgram-poller.ts';
import { EventSocket } from './dgram-socket.ts';
import { portableInterfaces } from './interfaces.ts';
import { portableTcp } from './portable-tcp.ts';

/**
 * The same sockets over node:dgram, for systems without koffi or without these Linux calls. One datagram per system call, no
 * choice of the source address, no frames, no worker threads.
 */
export function dgramNetwork(): Network {
  const sockets = new Map<number, Socket>();
  let nextId = 1;
  let book: AddressBook | undefined;

  async function bind(spec: SocketSpec): Promise<Outcome<BoundSocket>> {
    const socket = createSocket({
      type: spec.ipv6 ? 'udp6' : 'udp4',
      ipv6Only: spec.ipv6 ?? false,
      reuseAddr: false,
      reusePort: spec.reusePort === true,
    });
    const failure = await bound(socket, spec);
    if (failure) {
      socket.close();
      return { ok: false, error: { operation: 'bind', errno: failure } };
    }
    socket.on('error', () => {}); // an ICMP error of an earlier datagram: harmless
    if (spec.broadcast) socket.setBroadcast(true);
    growBuffers(socket, spec);
    const id = nextId++;
    sockets.set(id, socket);
    return {
      ok: true,
      value: {
        backend: 'dgram',
        fd: id,
        address: spec.address ?? 0,
        port: socket.address().port,
        ...(spec.interface === undefined ? {} : { interface: spec.interface }),
        ...(spec.ipv6 && { ipv6: true }),
      },
    };
  }

  function socketOf(bound: BoundSocket): Socket {
    const socket = bound.backend === 'dgram' ? sockets.get(bound.fd) : undefined;
    if (!socket) throw new TypeError(`Cannot use socket ${bound.fd} of the ${bound.backend} backend here`);
    return socket;
  }

  return {
    name: 'dgram',
    bind,
    attach(bound, options) {
      const socket = socketOf(bound);
      if (!bound.ipv6) return new EventSocket(bound, { socket }, options);
      book ??= createAddressBook({
        seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
        ...interfaceNames(portableInterfaces),
      });
      return new EventSocket(bound, { socket, book }, options);
    },
    release: (bound) => {
      socketOf(bound).close();
      sockets.delete(bound.fd);
    },
    keepTogether: () => false,
    createPoller: () => new EventPoller(),
    wake: () => {
      throw new Error('Cannot wake a poller by number: the dgram backend has no threads');
    },
    interfaces: portableInterfaces,
    openContent: (fd, sizeBytes) => ({ ok: true, value: new FileContent(fd, sizeBytes) }),
    closeContent: () => {},
    tcp: portableTcp(),
    pageCache: undefined,
    openBeneath: undefined,
    capabilities: () => [],
    giveUpPrivileges,
    notify: () => false,
    bindFrames: () => ({ ok: false, error: { operation: 'socket AF_PACKET', errno: 'ENOTSUP' } }),
    attachFrames: () => {
      throw new Error('Cannot attach frames: the dgram backend has none');
    },
    releaseFrames: () => {},
    bindsToInterface: false,
    canSendRaw: false,
    selectsSource: false,
    worksInThreads: false,
  };
}

/** undefined when bound, else the errno's name. */
function bound(socket: Socket, spec: SocketSpec): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EIO'));
    socket.bind(
      { port: spec.port, address: spec.ipv6 ? '::' : formatIpv4(spec.address ?? 0), exclusive: true },
      () => {
        socket.removeAllListeners('error');
        resolve(undefined);
      },
    );
  });
}

function growBuffers(socket: Socket, spec: SocketSpec): void {
  try {
    socket.setRecvBufferSize(spec.receiveBufferBytes ?? 4 << 20);
    socket.setSendBufferSize(spec.sendBufferBytes ?? 4 << 20);
  } catch {
    // Some systems refuse beyond their limit instead of granting the limit; their default then stays.
  }
}

/** Node's own calls change the ids; capabilities go with root's id. */
function giveUpPrivileges(account: Account | undefined): Outcome<undefined> {
  if (!account) return { ok: true, value: undefined };
  try {
    process.setgroups?.([account.gid]);
    process.setgid?.(account.gid);
    process.setuid?.(account.uid);
    return { ok: true, value: undefined };
  } catch (error) {
    const { syscall = 'setuid', code = 'EPERM' } = error as NodeJS.ErrnoException;
    return { ok: false, error: { operation: syscall, errno: code } };
  }
}
