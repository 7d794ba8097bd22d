import { arch } from 'node:os';

/** Numbers and layouts of the kernel's headers, for 64-bit little-endian Linux (ffi.ts checks). */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_IP = 0;
export const SOL_SOCKET = 1;
export const SOL_UDP = 17;
export const SOL_IPV6 = 41;
export const SOL_RAW = 255;
export const SOL_PACKET = 263;
export const IPPROTO_ICMP = 1;
/** A set bit keeps messages of that type out. */
export const ICMP_FILTER = 1;
export const SO_REUSEADDR = 2;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_ATTACH_FILTER = 26;
export const SO_DETACH_FILTER = 27;
/** Since Linux 4.12: counters of a socket, {@link SK_MEMINFO_DROPS} among them. */
export const SO_MEMINFO = 55;
export const SK_MEMINFO_DROPS = 8;
/** Since Linux 4.5. */
export const SO_ATTACH_REUSEPORT_CBPF = 51;
export const SO_BINDTODEVICE = 25;
/** Beyond net.core.rmem_max; wants CAP_NET_ADMIN. */
export const SO_RCVBUFFORCE = 33;
export const SO_SNDBUFFORCE = 32;
export const IP_PKTINFO = 8;
export const IP_MTU_DISCOVER = 10;
export const IP_PMTUDISC_DONT = 0;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const UDP_SEGMENT = 103;

export const SIOCGIFMTU = 0x8921;
/** Octets of a TCP connection that were not acknowledged, those not sent yet among them (tcp(7)). */
export const SIOCOUTQ = 0x5411;
export const F_DUPFD_CLOEXEC = 1030;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

/** struct sockaddr_in: family u16, port be16, address be32, 8 zero octets. */
export const SOCKADDR_IN = 16;
/** struct sockaddr_in6: family u16, port be16, flowinfo u32, address 16, scope u32. */
export const SOCKADDR_IN6 = 28;
/** struct sockaddr_ll: family u16, protocol be16, ifindex i32, hatype u16, pkttype u8, halen u8, address 8. */
export const SOCKADDR_LL = 20;

/** struct sock_filter { u16 code; u8 jt, jf; u32 k }. */
export const SOCK_FILTER = 8;
/** struct sock_fprog { u16 len; struct sock_filter *filter }. */
export const SOCK_FPROG = 16;

/** struct iovec { void *base; size_t len }. */
export const IOVEC = 16;

/** struct mmsghdr { struct msghdr { name, namelen, iov, iovlen, control, controllen, flags }; unsigned len }. */
export const MMSGHDR = 64;
export const MSG_NAME = 0;
export const MSG_NAMELEN = 8;
export const MSG_IOV = 16;
export const MSG_IOVLEN = 24;
export const MSG_CONTROL = 32;
export const MSG_CONTROLLEN = 40;
export const MSG_FLAGS = 48;
export const MSG_LEN = 56;

/** struct cmsghdr { size_t len; int level; int type }, data behind it, the whole a multiple of 8. */
export const CMSGHDR = 16;
/** struct in_pktinfo { int ifindex; struct in_addr spec_dst; struct in_addr addr }. */
export const PKTINFO_LEN = CMSGHDR + 12;
export const PKTINFO_SPACE = CMSGHDR + 16;
/** struct in6_pktinfo { struct in6_addr addr; int ifindex }. */
export const PKTINFO6_LEN = CMSGHDR + 20;
export const PKTINFO6_SPACE = CMSGHDR + 24;
/** UDP_SEGMENT carries a u16. */
export const SEGMENT_LEN = CMSGHDR + 2;
export const SEGMENT_SPACE = CMSGHDR + 8;

export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0o2000000;
/** struct epoll_event { u32 events; u64 data }: packed on x86-64 alone. */
export const EPOLL_EVENT = arch() === 'x64' ? 12 : 16;
export const EPOLL_DATA = arch() === 'x64' ? 4 : 8;

export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

export const PROT_READ = 1;
export const MAP_SHARED = 1;
export const POSIX_FADV_WILLNEED = 3;
export const RWF_NOWAIT = 8;

export const O_CLOEXEC = 0o2000000;
export const SYS_OPENAT2 = 437;
export const SYS_CAPGET = arch() === 'x64' ? 125 : 90;
export const SYS_CAPSET = arch() === 'x64' ? 126 : 91;
/** struct open_how { u64 flags; u64 mode; u64 resolve }. */
export const OPEN_HOW = 24;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_BENEATH = 0x08;

export const PR_CAPBSET_DROP = 24;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
export const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
