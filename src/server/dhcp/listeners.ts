import type { Reply } from '../../dhcp/conversation.ts';
import type { Link } from '../../dhcp/settings.ts';
import { buildUdpFrame } from '../../frame/udp.ts';
import { type Ipv4, LIMITED_BROADCAST } from '../../lib/ipv4.ts';
import type { BoundFrames, BoundSocket, DatagramSocket, FrameSocket, Network } from '../../net/datagram.ts';
import type { Lookout } from './look-around.ts';
import { createOverheardPort } from './overheard-port.ts';

/** One interface: its facts, and its sockets, opened by whoever may. */
export type DhcpListener = {
  readonly link: Link;
  /** Port 67; absent where another program of this machine has it. */
  readonly dhcp?: BoundSocket;
  /** Frames with datagrams to port 67: instead of `dhcp` where that is another's. */
  readonly overheard?: BoundFrames;
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
  /** Where requests come from: what a poller waits for to read `ports`. */
  readonly inputs: readonly (DatagramSocket | FrameSocket)[];
};

/** `linkOf`: what the interface is like at the time; `isOurs`: is this an address of this machine, of whatever interface? */
export function attachListener(
  network: Network,
  listener: DhcpListener,
  { linkOf, isOurs }: { readonly linkOf: () => Link; readonly isOurs: (ip: Ipv4) => boolean },
): AttachedListener {
  const attach = (bound: BoundSocket | undefined) => (bound ? [network.attach(bound)] : []);
  const dhcp = attach(listener.dhcp);
  const pxe = attach(listener.pxe);
  const overheard = listener.overheard && network.attachFrames(listener.overheard);
  const frames = listener.frames && network.attachFrames(listener.frames);
  const on67 = overheard ? [...dhcp, createOverheardPort(overheard, linkOf, isOurs)] : dhcp;
  return {
    name: listener.link.name,
    ports: [
      ...on67.map((socket) => ({ port: 67 as const, socket })),
      ...pxe.map((socket) => ({ port: 4011 as const, socket })),
    ],
    ...(frames && { frames }),
    inputs: [...dhcp, ...pxe, ...(overheard ? [overheard] : [])],
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
