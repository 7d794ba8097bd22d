import type { Outcome } from '../datagram.ts';
import type { PeerSocketSpec } from '../peer-socket.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { closeFd, lastError, setInt } from './open.ts';
import { writeAnyAddress6, writeSockaddr } from './sockaddr.ts';
import * as s from './structs.ts';

const RECEIVE_BUFFER_BYTES = 4 << 20;
const SO_RCVTIMEO = 20;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const IPV6_MTU_DISCOVER = 23;
export const UDP_GRO = 104;

/** The longest sleep in the kernel: meanwhile no signal is heard. */
export const SLEEP_MS = 4;

/** A blocking UDP socket of a client, and the port it has. */
export function openPeer(spec: PeerSocketSpec): Outcome<{ fd: number; localPort: number }> {
  const fd = c.socket(spec.ipv6 ? s.AF_INET6 : s.AF_INET, s.SOCK_DGRAM | s.SOCK_CLOEXEC, 0);
  if (fd < 0) return { ok: false, error: lastError('socket') };
  const arena = new Arena(256);
  setInt(arena, fd, s.SOL_SOCKET, s.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  setInt(arena, fd, s.SOL_SOCKET, s.SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
  // Blocks longer than a hop's MTU arrive in fragments instead of never.
  if (spec.ipv6) setInt(arena, fd, s.SOL_IPV6, IPV6_MTU_DISCOVER, s.IP_PMTUDISC_DONT);
  else setInt(arena, fd, s.SOL_IP, s.IP_MTU_DISCOVER, s.IP_PMTUDISC_DONT);
  if (spec.ipv6) setInt(arena, fd, s.SOL_IPV6, IPV6_RECVERR, 1);
  else setInt(arena, fd, s.SOL_IP, IP_RECVERR, 1);
  setInt(arena, fd, s.SOL_UDP, UDP_GRO, 1); // since Linux 5.0; without it datagrams come one by one
  arena.setLong(96, 0);
  arena.setLong(104, SLEEP_MS * 1000);
  c.setsockopt(fd, s.SOL_SOCKET, SO_RCVTIMEO, arena.pointer(96), 16);
  const length = spec.ipv6 ? s.SOCKADDR_IN6 : s.SOCKADDR_IN;
  if (spec.ipv6) writeAnyAddress6(arena, 0, spec.localPort ?? 0);
  else writeSockaddr(arena, 0, { address: 0, port: spec.localPort ?? 0 });
  if (c.bind(fd, arena.pointer(0), length) < 0) {
    const error = lastError('bind');
    closeFd(fd);
    return { ok: false, error };
  }
  arena.setInt(32, s.SOCKADDR_IN6);
  c.getsockname(fd, arena.pointer(0), arena.pointer(32));
  return { ok: true, value: { fd, localPort: arena.view.getUint16(2) } };
}
