import type { Reply } from '../../dhcp/conversation.ts';
import type { Link } from '../../dhcp/settings.ts';
import { buildUdpFrame } from '../../frame/udp.ts';
import { LIMITED_BROADCAST } from '../../lib/ipv4.ts';
import type { BoundFrames, BoundSocket, DatagramSocket, FrameSocket, Network } from '../../net/datagram.ts';
import type { Lookout } from './look-around.ts';

/** One interface: its facts, and its sockets, opened by whoever may. */
export type DhcpListener = {
  readonly link: Link;
  /** Port 67. */
  readonly dhcp: BoundSocket;
  /** Port 4011. */
  readonly pxe?: BoundSocket;
  /** Raw frames out, ARP in. Without them replies to hosts without an address are broadcast, and nothing is probed. */
  readonly frames?: BoundFrames;
  /** Whether other servers give addresses here; `link.role`, and nobody asks, when left out. */
  readonly lookout?: Omit<Lookout, 'link'>;
};

/** A listener's sockets at work. */
export type AttachedListener = {
  /** Of the interface; its facts are those of the newest reload. */
  readonly name: string;
  readonly ports: readonly { readonly port: 67 | 4011; readonly socket: DatagramSocket }[];
  readonly frames?: FrameSocket;
};

export function attachListener(network: Network, listener: DhcpListener): AttachedListener {
  const { link, dhcp, pxe, frames } = listener;
  return {
    name: link.name,
    ports: [
      { port: 67, socket: network.attach(dhcp) },
      ...(pxe ? [{ port: 4011 as const, socket: network.attach(pxe) }] : []),
    ],
    ...(frames && { frames: network.attachFrames(frames) }),
  };
}

export function detachListener({ ports, frames }: AttachedListener): void {
  for (const { socket } of ports) socket.detach();
  frames?.detach();
}

/**
 * Lays a reply out for sending from the port its request came to; `flush()` of that socket sends it. A client without an
 * address gets a frame at once, or, where that is not possible, a broadcast (RFC 2131 §4.1 allows it).
 */
export function transmit(
  listener: AttachedListener,
  { port, link }: { readonly port: 67 | 4011; readonly link: Link },
  { payload, destination }: { payload: Uint8Array; destination: Reply['destination'] },
): void {
  const socket = listener.ports.find((one) => one.port === port)?.socket;
  if (!socket) return;
  if (destination.kind === 'hardware' && listener.frames) {
    const frame = buildUdpFrame({
      fromMac: link.mac,
      toMac: destination.mac,
      from: destination.from,
      to: destination.ip,
      fromPort: port,
      toPort: destination.port,
      payload,
    });
    if (listener.frames.send(frame) === undefined) return;
  }
  const to = destination.kind === 'unicast' ? destination.ip : LIMITED_BROADCAST;
  // Unicast goes where the routes lead; a broadcast has to leave through the client's own link.
  const ifindex = destination.kind === 'unicast' ? 0 : link.index;
  socket.out.begin(to, destination.port, { from: destination.from, ifindex, tag: to });
  socket.out.bytes(payload);
  socket.out.end();
}
