import type { Ipv4 } from '../lib/ipv4.ts';
import type { Network } from '../net/datagram.ts';

/**
 * pxed as a part of another program, whose privileges, signals and service manager are its own business: it changes none of them.
 */
export type Guest = {
  /** The best sockets of this system when left out. */
  readonly backend?: Network['name'];
  /** Serve TFTP on this address alone. */
  readonly address?: Ipv4;
};
