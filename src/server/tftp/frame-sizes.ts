import type { Network } from '../../net/datagram.ts';

/** IPv4 header without options, and UDP header. */
const HEADERS = 28;
/** IPv6's (RFC 8200 §3), without extension headers. */
const HEADERS6 = 48;
const ETHERNET_MTU = 1500;
/** As often as the services look at their interfaces: a block granted for the MTU of before is one that never arrives. */
const REFRESH_MS = 2_000;

/** UDP payload that fits one frame of an interface. */
export type FrameSizes = {
  /** `ifindex` 0: unknown, the smallest of all. */
  payloadOf(ifindex: number, now: number, ipv6?: boolean): number;
};

/** Interface MTUs, read again now and then: an administrator changes them while we run. */
export function createFrameSizes(network: Pick<Network, 'interfaces'>): FrameSizes {
  let byIndex = new Map<number, number>();
  let smallest = ETHERNET_MTU;
  let readAt = Number.NEGATIVE_INFINITY;

  function refresh(now: number): void {
    readAt = now;
    const known = network.interfaces();
    byIndex = new Map(known.map(({ index, mtu }) => [index, mtu]));
    smallest = Math.min(ETHERNET_MTU, ...known.filter(({ loopback }) => !loopback).map(({ mtu }) => mtu));
  }

  return {
    payloadOf(ifindex, now, ipv6 = false) {
      if (now - readAt >= REFRESH_MS) refresh(now);
      // An IPv4 datagram carries no more than 65,507 octets, whatever loopback's MTU says.
      return Math.min((byIndex.get(ifindex) ?? smallest) - (ipv6 ? HEADERS6 : HEADERS), 65_507);
    },
  };
}
