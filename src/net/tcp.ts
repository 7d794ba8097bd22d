import type { ListenOptions } from 'node:net';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Outcome } from './datagram.ts';

/**
 * TCP ports, opened like datagram sockets: once, while it is still allowed. Connections then wait in the kernel, also
 * while nobody serves. node:net does the rest:
 *
 *     const bound = await network.tcp.bind({ interface: 'eth0', port: 80 });
 *     if (bound.ok) server.listen(network.tcp.listenOptions(bound.value)); // again and again, one server after the other
 */
export interface TcpPorts {
  bind(spec: TcpSpec): Promise<Outcome<BoundTcp>>;
  /** For a server's listen(). What it closes when it ends is a descriptor of its own: the port stays open. */
  listenOptions(bound: BoundTcp): ListenOptions | { readonly fd: number };
  /** Closes the port for good. */
  release(bound: BoundTcp): void;
  /**
   * Octets of a connection (its descriptor) that the other side has not acknowledged: 0 means that it has them all. Absent where
   * the system does not tell; undefined when the descriptor is none.
   */
  readonly unacknowledged?: (fd: number) => number | undefined;
}

export type TcpSpec = {
  /** All addresses of the host, IPv6 too, when left out. */
  readonly address?: Ipv4;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Only connections that come in by this interface (SO_BINDTODEVICE), where {@link Network.bindsToInterface}. */
  readonly interface?: string;
};

/** A port that is open: plain data. */
export type BoundTcp = {
  /** The descriptor on Linux; -1 where each server opens the port anew. */
  readonly fd: number;
  readonly port: number;
  readonly address?: Ipv4;
  readonly interface?: string;
};
