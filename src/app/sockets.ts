import type { BoundFrames, BoundSocket, NetError, Network, SocketSpec } from '../net/datagram.ts';
import {
  openTftpSockets,
  releaseTftpSockets,
  type TftpSocketSpec,
  type TftpSockets,
} from '../server/tftp/sockets.ts';
import { StartProblem } from './start-problem.ts';

/** Every socket of the process, opened once, as root, and handed to the tasks again and again. */
export type Sockets = {
  /** Port 67: DHCP and BOOTP. */
  readonly dhcp?: BoundSocket;
  /** Port 4011: PXE boot servers (PXE 2.1 §2.4). */
  readonly pxe?: BoundSocket;
  /** ARP in, whole frames out: conflict probes, unicast to hosts without an address. Absent where unsupported. */
  readonly frames?: BoundFrames;
  /** The TFTP port, and the ports of transfers, for each worker. */
  readonly tftp?: readonly TftpSockets[];
};

export type SocketsWanted = {
  readonly interface?: string;
  readonly dhcp: boolean;
  readonly pxe: boolean;
  readonly tftp?: Pick<TftpSocketSpec, 'port' | 'singlePort' | 'ports' | 'workers'>;
};

/** Names who holds a UDP port, `dnsmasq, pid 812`; undefined when nobody can be seen. */
export type PortOwner = (port: number) => string | undefined;

const ARP = 0x0806;

/**
 * Opens them all, or none: on failure what was opened is released, and a {@link StartProblem} says who holds the port
 * or which capability is missing.
 */
export async function openSockets(
  network: Network,
  wanted: SocketsWanted,
  ownerOf: PortOwner,
): Promise<Sockets> {
  const opened: { -readonly [K in keyof Sockets]: Sockets[K] } = {};
  const on = wanted.interface === undefined ? {} : { interface: wanted.interface };
  const bind = async (spec: SocketSpec): Promise<BoundSocket> => {
    const bound = await network.bind(spec);
    if (bound.ok) return bound.value;
    throw explain(bound.error, spec.port, ownerOf);
  };
  try {
    if (wanted.dhcp) opened.dhcp = await bind({ ...on, port: 67, broadcast: true });
    if (wanted.pxe) opened.pxe = await bind({ ...on, port: 4011, broadcast: true });
    if (wanted.tftp) {
      const tftp = await openTftpSockets(network, { ...on, ...wanted.tftp });
      if (!tftp.ok) throw explain(tftp.error, wanted.tftp.port, ownerOf);
      opened.tftp = tftp.value;
    }
    if (wanted.dhcp && wanted.interface !== undefined && network.canSendRaw) {
      const frames = network.bindFrames(wanted.interface, ARP);
      if (!frames.ok) throw explain(frames.error, undefined, ownerOf);
      opened.frames = frames.value;
    }
    return opened;
  } catch (error) {
    releaseSockets(network, opened);
    throw error;
  }
}

/** Closes them for good. */
export function releaseSockets(network: Network, sockets: Sockets): void {
  for (const socket of [sockets.dhcp, sockets.pxe]) if (socket) network.release(socket);
  if (sockets.tftp) releaseTftpSockets(network, sockets.tftp);
  if (sockets.frames) network.releaseFrames(sockets.frames);
}

function explain(error: NetError, port: number | undefined, ownerOf: PortOwner): StartProblem {
  const what = port === undefined ? 'Cannot open a packet socket' : `Cannot listen on UDP port ${port}`;
  switch (error.errno) {
    case 'EADDRINUSE': {
      const owner = port === undefined ? undefined : ownerOf(port);
      const fix = owner
        ? 'Stop that program, or serve on an interface it does not hold'
        : `See who it is: ss -lunp 'sport = :${port}'`;
      return new StartProblem(`${what}: in use${owner ? ` by ${owner}` : ''}`, fix);
    }
    case 'EACCES':
    case 'EPERM': {
      const capability = error.operation === 'bind' ? 'CAP_NET_BIND_SERVICE' : 'CAP_NET_RAW';
      return new StartProblem(
        `${what}: not permitted (${error.operation} needs ${capability})`,
        'Run it as root; pxed gives root up once its sockets are open. Or grant the capabilities: ' +
          `setcap cap_net_bind_service,cap_net_raw=ep ${process.execPath}`,
      );
    }
    default:
      return new StartProblem(
        `${what}: ${error.errno} (${error.operation})`,
        'The system’s error is all that is known',
      );
  }
}
