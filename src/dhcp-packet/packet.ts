import type { Ipv4 } from '../lib/ipv4.ts';
import { formatMac, type Mac } from '../lib/mac.ts';

/** Offsets and sizes of the fixed header (RFC 2131 §2). */
export const FIELD = {
  op: 0,
  htype: 1,
  hlen: 2,
  hops: 3,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  vend: 236,
  options: 240,
} as const;

export const CHADDR_SIZE = 16;
export const SNAME_SIZE = 64;
export const FILE_SIZE = 128;

/** 99.130.83.99, the first octets of `vend` when tags follow (RFC 1497, RFC 2131 §3). */
export const MAGIC_COOKIE = 0x6382_5363;

/** `op` (RFC 951 §3). */
export const Op = { REQUEST: 1, REPLY: 2 } as const;

/** The one flag there is: the client can only be reached by broadcast (RFC 2131 §2). */
export const BROADCAST_FLAG = 0x8000;

/** Option 53 (RFC 2132 §9.6; 9: RFC 3203; 10 to 13: RFC 4388 §6.1). */
export const MessageType = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
  FORCERENEW: 9,
  LEASEQUERY: 10,
  LEASEUNASSIGNED: 11,
  LEASEUNKNOWN: 12,
  LEASEACTIVE: 13,
} as const;

const MESSAGE_TYPE_NAMES = new Map<number, string>(
  Object.entries(MessageType).map(([name, code]) => [code, name]),
);

/**
 * Code -> body. Bodies of options that came in parts are joined (RFC 3396), in wire order; codes 0 (pad),
 * 52 (overload) and 255 (end) are framing and never in here.
 */
export type Options = Map<number, Uint8Array>;

/** One DHCP or BOOTP message. Addresses are unsigned 32-bit numbers, `xid` too. */
export type DhcpPacket = {
  op: number;
  htype: number;
  hlen: number;
  hops: number;
  xid: number;
  secs: number;
  flags: number;
  ciaddr: Ipv4;
  yiaddr: Ipv4;
  siaddr: Ipv4;
  giaddr: Ipv4;
  /** 16 octets, of which `hlen` count. */
  chaddr: Uint8Array;
  /** Latin1 up to the first NUL; '' when the field holds options. A sender keeps to 63 characters. */
  sname: string;
  /** The same; a sender keeps to 127. */
  file: string;
  /** `options`: cookie and tags; `none`: no vendor area or only zeros (RFC 951); `unknown`: another cookie. */
  vend: 'options' | 'none' | 'unknown';
  /** The vendor area when it is `unknown`. */
  vendBytes?: Uint8Array;
  options: Options;
};

/**
 * A packet with the given fields; what is not given is zero or empty, `htype` 1 and `hlen` 6, `vend` options. A
 * `chaddr` of 16 octets is borrowed, a shorter one copied.
 *
 * @example
 * const discover = createPacket({ op: Op.REQUEST, xid: 1, chaddr: macBytes('52:54:00:12:34:56') });
 */
export function createPacket(fields: Partial<DhcpPacket> & { op: number }): DhcpPacket {
  const { chaddr, vendBytes } = fields;
  return {
    op: fields.op,
    htype: fields.htype ?? 1,
    hlen: fields.hlen ?? 6,
    hops: fields.hops ?? 0,
    xid: fields.xid ?? 0,
    secs: fields.secs ?? 0,
    flags: fields.flags ?? 0,
    ciaddr: fields.ciaddr ?? 0,
    yiaddr: fields.yiaddr ?? 0,
    siaddr: fields.siaddr ?? 0,
    giaddr: fields.giaddr ?? 0,
    chaddr: chaddr?.length === CHADDR_SIZE ? chaddr : padded(chaddr),
    sname: fields.sname ?? '',
    file: fields.file ?? '',
    vend: fields.vend ?? 'options',
    options: fields.options ?? new Map(),
    ...(vendBytes && { vendBytes }),
  };
}

function padded(chaddr: Uint8Array | undefined): Uint8Array {
  const whole = new Uint8Array(CHADDR_SIZE);
  if (chaddr) whole.set(chaddr.subarray(0, CHADDR_SIZE));
  return whole;
}

/** Option 53; undefined makes it a BOOTP message (RFC 1534 §2). */
export function messageType(packet: DhcpPacket): number | undefined {
  return packet.options.get(53)?.[0];
}

/** `DISCOVER`, `BOOTP` without option 53, `TYPE-77` for a number that has no name. */
export function messageTypeName(packet: DhcpPacket): string {
  const type = messageType(packet);
  return type === undefined ? 'BOOTP' : (MESSAGE_TYPE_NAMES.get(type) ?? `TYPE-${type}`);
}

/** `chaddr` as text, `hlen` octets of it; '' when there are none, as over InfiniBand (RFC 4390 §2.1). */
export function hardwareAddress(packet: DhcpPacket): Mac {
  return formatMac(packet.chaddr.subarray(0, packet.hlen));
}

/** The broadcast bit; the other fifteen are to be ignored (RFC 1542 §2.2). */
export function wantsBroadcast(packet: DhcpPacket): boolean {
  return (packet.flags & BROADCAST_FLAG) !== 0;
}

/**
 * Seconds since the client began. Some clients swap the octets (OVMF on port 4011 sends 256, 512): a value whose
 * low octet is zero and whose high octet is not is read the other way round, as ISC's check-secs-byte-order does.
 */
export function secondsElapsed(packet: DhcpPacket): number {
  return packet.secs > 0xff && (packet.secs & 0xff) === 0 ? packet.secs >> 8 : packet.secs;
}
