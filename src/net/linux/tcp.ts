import type { Outcome } from '../datagram.ts';
import type { BoundTcp, TcpPorts, TcpSpec } from '../tcp.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { bindToDevice, closeFd, lastError, setInt } from './open.ts';
import { writeAnyAddress6, writeSockaddr } from './sockaddr.ts';
import * as s from './structs.ts';

/** Connections that wait for a turn: a boot storm's. The kernel cuts it at net.core.somaxconn. */
const BACKLOG = 4096;

/** TCP ports of Linux: a listening descriptor is kept, each server gets a copy of it. */
export function createTcpPorts(): TcpPorts {
  const arena = new Arena(64);
  return {
    bind: async (spec) => openTcp(spec),
    listenOptions({ fd }) {
      const copy = copyOf(fd);
      if (copy === undefined) throw new Error(`Cannot listen: ${lastError('fcntl').errno}`);
      return { fd: copy };
    },
    release: ({ fd }) => closeFd(fd),
    sent: {
      unacknowledged(fd) {
        return c.ioctl(fd, s.SIOCOUTQ, arena.pointer(0)) < 0 ? undefined : arena.getInt(0);
      },
      hold: copyOf,
      letGo: closeFd,
    },
  };
}

function copyOf(fd: number): number | undefined {
  const copy = c.fcntl(fd, s.F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? undefined : copy;
}

/** One socket for IPv4 and IPv6, unless one address is wanted, or the kernel has no IPv6. */
function openTcp(spec: TcpSpec): Outcome<BoundTcp> {
  if (spec.address !== undefined) return open(spec, s.AF_INET);
  const both = open(spec, s.AF_INET6);
  return !both.ok && both.error.errno === 'EAFNOSUPPORT' ? open(spec, s.AF_INET) : both;
}

function open(spec: TcpSpec, family: number): Outcome<BoundTcp> {
  const fd = c.socket(family, s.SOCK_STREAM | s.SOCK_NONBLOCK | s.SOCK_CLOEXEC, 0);
  if (fd < 0) return { ok: false, error: lastError('socket') };
  const arena = new Arena(256);
  const ipv6 = family === s.AF_INET6;
  const failed =
    // Connections of a pxed that ended just now do not hold the port; one that runs does.
    setInt(arena, fd, s.SOL_SOCKET, s.SO_REUSEADDR, 1) ??
    (ipv6 ? setInt(arena, fd, s.SOL_IPV6, s.IPV6_V6ONLY, 0) : undefined) ??
    (spec.interface === undefined ? undefined : bindToDevice(arena, fd, spec.interface)) ??
    listenAt(arena, fd, { ...spec, ipv6 });
  if (failed) {
    closeFd(fd);
    return { ok: false, error: failed };
  }
  arena.setInt(32, s.SOCKADDR_IN6);
  c.getsockname(fd, arena.pointer(0), arena.pointer(32));
  return { ok: true, value: { ...spec, fd, port: arena.view.getUint16(2) } };
}

function listenAt(arena: Arena, fd: number, { ipv6, port, address = 0 }: TcpSpec & { ipv6: boolean }) {
  if (ipv6) writeAnyAddress6(arena, 0, port);
  else writeSockaddr(arena, 0, { address, port });
  if (c.bind(fd, arena.pointer(0), ipv6 ? s.SOCKADDR_IN6 : s.SOCKADDR_IN) < 0) return lastError('bind');
  return c.listen(fd, BACKLOG) < 0 ? lastError('listen') : undefined;
}
