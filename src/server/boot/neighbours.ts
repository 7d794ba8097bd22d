import { type Ipv4, parseIpv4 } from '../../lib/ipv4.ts';
import { type Mac, parseMac } from '../../lib/mac.ts';
import { createThrottle } from '../tftp/throttle.ts';

/** The hardware address of a host on one of our links, as far as the system knows it. */
export type Neighbours = (ip: Ipv4) => Mac | undefined;

export type NeighbourParts = {
  /** The text of /proc/net/arp; undefined where there is none. */
  readonly read: () => string | undefined;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
};

/** Addresses change hands; a minute of DHCP is short. */
const FRESH_MS = 1_000;
/** Whoever is not in it may have come since: the table is read again, but a flood of strangers does not read for ever. */
const READS = { perSecond: 50, burst: 50 };

/**
 * Looks hosts up in the system's own table of neighbours: one that asks us for a file has just been asked for its hardware
 * address, or has asked for ours. For those that got their addresses elsewhere.
 */
export function createNeighbours({ read, clock }: NeighbourParts): Neighbours {
  const reads = createThrottle(READS);
  let table: ReadonlyMap<Ipv4, Mac> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  return (ip) => {
    const now = clock();
    const known = now - readAt < FRESH_MS ? table.get(ip) : undefined;
    if (known !== undefined || !reads.pass(now)) return known;
    const text = read();
    table = text === undefined ? new Map() : parseArpTable(text);
    readAt = now;
    return table.get(ip);
  };
}

/** ATF_COM (linux/if_arp.h): the entry is complete. ARPHRD_ETHER: its address is six octets. */
const COMPLETE = 0x2;
const ETHERNET = 0x1;

/** The complete Ethernet entries of /proc/net/arp (proc(5)): `IP address, HW type, Flags, HW address, Mask, Device`. */
export function parseArpTable(text: string): ReadonlyMap<Ipv4, Mac> {
  const table = new Map<Ipv4, Mac>();
  for (const line of text.split('\n').slice(1)) {
    const [address = '', type, flags, hardware = ''] = line.trim().split(/\s+/);
    const ip = parseIpv4(address);
    const mac = parseMac(hardware);
    if (ip === undefined || mac === undefined) continue;
    if (Number(type) === ETHERNET && (Number(flags) & COMPLETE) !== 0) table.set(ip, mac);
  }
  return table;
}
