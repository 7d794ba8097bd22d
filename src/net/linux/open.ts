import type { BoundFrames, BoundSocket, NetError, Outcome, SocketSpec } from '../datagram.ts';
import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { writeAnyAddress6, writeLinkAddress, writeSockaddr } from './sockaddr.ts';
import * as s from './structs.ts';
import { onlyUdpTo } from './udp-filter.ts';

const FLAGS = s.SOCK_NONBLOCK | s.SOCK_CLOEXEC;
/** Room for a boot storm's first requests and for a turn's answers. */
const DEFAULT_BUFFER_BYTES = 4 << 20;

type Step = readonly [operation: string, result: number];

/** Opens a UDP socket that reports the address asked and answers from any address of ours. */
export function openUdp(spec: SocketSpec): Outcome<BoundSocket> {
  const { ipv6 = false } = spec;
  const fd = c.socket(ipv6 ? s.AF_INET6 : s.AF_INET, s.SOCK_DGRAM | FLAGS, 0);
  if (fd < 0) return failure('socket');
  const arena = new Arena(256);
  const failed =
    (ipv6 ? askIpv6(arena, fd) : askIpv4(arena, fd)) ??
    (spec.reusePort === true ? setInt(arena, fd, s.SOL_SOCKET, s.SO_REUSEPORT, 1) : undefined) ??
    (spec.broadcast ? setInt(arena, fd, s.SOL_SOCKET, s.SO_BROADCAST, 1) : undefined) ??
    (spec.interface === undefined ? undefined : bindToDevice(arena, fd, spec.interface));
  if (failed) return abandon(fd, failed);
  growBuffer(arena, fd, s.SO_RCVBUFFORCE, s.SO_RCVBUF, spec.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES);
  growBuffer(arena, fd, s.SO_SNDBUFFORCE, s.SO_SNDBUF, spec.sendBufferBytes ?? DEFAULT_BUFFER_BYTES);
  if (ipv6) writeAnyAddress6(arena, 0, spec.port);
  else writeSockaddr(arena, 0, { address: spec.address ?? 0, port: spec.port });
  if (c.bind(fd, arena.pointer(0), ipv6 ? s.SOCKADDR_IN6 : s.SOCKADDR_IN) < 0)
    return abandon(fd, lastError('bind'));
  // Set after bind() only, it lets others join a port that nobody else had.
  const unshared =
    spec.reusePort === 'claim' ? setInt(arena, fd, s.SOL_SOCKET, s.SO_REUSEPORT, 1) : undefined;
  if (unshared) return abandon(fd, unshared);
  return { ok: true, value: described(arena, fd, spec) };
}

function askIpv4(arena: Arena, fd: number): NetError | undefined {
  return (
    setInt(arena, fd, s.SOL_IP, s.IP_PKTINFO, 1) ??
    // Without DF a datagram larger than a hop's MTU arrives in fragments instead of never (RFC 2348 leaves blksize to us).
    setInt(arena, fd, s.SOL_IP, s.IP_MTU_DISCOVER, s.IP_PMTUDISC_DONT)
  );
}

function askIpv6(arena: Arena, fd: number): NetError | undefined {
  return (
    setInt(arena, fd, s.SOL_IPV6, s.IPV6_V6ONLY, 1) ?? setInt(arena, fd, s.SOL_IPV6, s.IPV6_RECVPKTINFO, 1)
  );
}

function described(arena: Arena, fd: number, spec: SocketSpec): BoundSocket {
  arena.setInt(32, s.SOCKADDR_IN6);
  c.getsockname(fd, arena.pointer(0), arena.pointer(32));
  return {
    backend: 'linux',
    fd,
    address: spec.address ?? 0,
    port: arena.view.getUint16(2),
    ...(spec.interface === undefined ? {} : { interface: spec.interface }),
    ...(spec.ipv6 && { ipv6: true }),
  };
}

/** What a packet socket gets: frames of one type, all of them or UDP datagrams to one port. */
export type Frames = { readonly etherType: number; readonly udpTo?: number };

/** A packet socket for whole frames of one interface. Wants CAP_NET_RAW. `etherType` 0: sends only. */
export function openPacket(
  interfaceName: string,
  ifindex: number,
  { etherType, udpTo }: Frames,
): Outcome<BoundFrames> {
  // Protocol 0 receives nothing before bind() narrows it to the interface.
  const fd = c.socket(s.AF_PACKET, s.SOCK_RAW | FLAGS, 0);
  if (fd < 0) return failure('socket AF_PACKET');
  if (udpTo !== undefined && !onlyUdpTo(fd, udpTo))
    return abandon(fd, lastError('setsockopt SO_ATTACH_FILTER'));
  const arena = new Arena(256);
  // What is read for is a boot storm's requests, as on an ordinary socket; ARP and the like are few.
  if (udpTo !== undefined) growBuffer(arena, fd, s.SO_RCVBUFFORCE, s.SO_RCVBUF, DEFAULT_BUFFER_BYTES);
  writeLinkAddress(arena, 0, { ifindex, etherType });
  if (c.bind(fd, arena.pointer(0), s.SOCKADDR_LL) < 0) return abandon(fd, lastError('bind'));
  return { ok: true, value: { fd, interface: interfaceName, ifindex } };
}

/** All types but echo reply. */
const ALL_BUT_ECHO_REPLY = ~1;
/** Answers to a few thousand probes. */
const ECHO_BUFFER_BYTES = 1 << 18;

/** A raw ICMP socket that hears echo replies alone. Wants CAP_NET_RAW. */
export function openEcho(): Outcome<BoundSocket> {
  const fd = c.socket(s.AF_INET, s.SOCK_RAW | FLAGS, s.IPPROTO_ICMP);
  if (fd < 0) return failure('socket SOCK_RAW');
  const arena = new Arena(128);
  const failed = setInt(arena, fd, s.SOL_RAW, s.ICMP_FILTER, ALL_BUT_ECHO_REPLY);
  if (failed) return abandon(fd, failed);
  growBuffer(arena, fd, s.SO_RCVBUFFORCE, s.SO_RCVBUF, ECHO_BUFFER_BYTES);
  return { ok: true, value: { backend: 'linux', fd, address: 0, port: 0 } };
}

/** Closes a descriptor of ours. */
export function closeFd(fd: number): void {
  c.close(fd);
}

/** What went wrong just now in the last call. */
export function lastError(operation: string): NetError {
  return { operation, errno: c.errnoName(c.lastErrno()) };
}

/** What went wrong, if anything. */
export function setInt(
  arena: Arena,
  fd: number,
  level: number,
  name: number,
  value: number,
): NetError | undefined {
  arena.setInt(64, value);
  return check([
    `setsockopt ${OPTION_NAMES.get(name) ?? name}`,
    c.setsockopt(fd, level, name, arena.pointer(64), 4),
  ]);
}

const OPTION_NAMES = new Map([
  [s.IP_PKTINFO, 'IP_PKTINFO'],
  [s.IPV6_V6ONLY, 'IPV6_V6ONLY'],
  [s.IPV6_RECVPKTINFO, 'IPV6_RECVPKTINFO'],
  [s.IP_MTU_DISCOVER, 'IP_MTU_DISCOVER'],
  [s.SO_REUSEADDR, 'SO_REUSEADDR'],
  [s.SO_REUSEPORT, 'SO_REUSEPORT'],
  [s.SO_BROADCAST, 'SO_BROADCAST'],
]);

/** What went wrong, if anything: ENODEV for a name that no interface has. */
export function bindToDevice(arena: Arena, fd: number, name: string): NetError | undefined {
  const text = new TextEncoder().encode(name);
  if (text.length > 15) return { operation: 'setsockopt SO_BINDTODEVICE', errno: 'ENODEV' };
  arena.bytes.set(text, 80);
  arena.bytes[80 + text.length] = 0;
  return check([
    'setsockopt SO_BINDTODEVICE',
    c.setsockopt(fd, s.SOL_SOCKET, s.SO_BINDTODEVICE, arena.pointer(80), text.length + 1),
  ]);
}

/** Best effort: first beyond the system's limit (wants CAP_NET_ADMIN), else up to it. */
function growBuffer(arena: Arena, fd: number, force: number, plain: number, sizeBytes: number): void {
  if (setInt(arena, fd, s.SOL_SOCKET, force, sizeBytes)) setInt(arena, fd, s.SOL_SOCKET, plain, sizeBytes);
}

function check([operation, result]: Step): NetError | undefined {
  return result < 0 ? lastError(operation) : undefined;
}

function failure(operation: string): { ok: false; error: NetError } {
  return { ok: false, error: lastError(operation) };
}

function abandon(fd: number, error: NetError): { ok: false; error: NetError } {
  c.close(fd);
  return { ok: false, error };
}
