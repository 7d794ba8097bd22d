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
  /** Absent where the system does not tell. */
  readonly sent?: SentOctets;
}

/** What became of octets that were sent over a connection, named by its descriptor. */
export type SentOctets = {
  /**
   * How many the other side has not acknowledged: 0 means that it has them all. Of a connection that was reset it is what was left
   * then. undefined when the descriptor is none of a connection.
   */
  unacknowledged(fd: number): number | undefined;
  /** A descriptor of the same connection, which can be asked about also when the first is closed. It keeps the connection open. */
  hold(fd: number): number | undefined;
  /** Closes one that {@link hold} gave. */
  letGo(fd: number): void;
};

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
