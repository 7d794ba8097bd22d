import { ETHERTYPE } from '../frame/ethernet.ts';
import type { BoundFrames, BoundSocket, NetError, Network } from '../net/datagram.ts';
import {
  openTftpSockets,
  releaseTftpSockets,
  type TftpSocketSpec,
  type TftpSockets,
} from '../server/tftp/sockets.ts';
import { StartProblem } from './start-problem.ts';

/** Every socket of the process, opened once, as root, and handed to the tasks again and again. */
export type Sockets = {
  /** One entry for each interface, in their order; none without addressing. */
  readonly links: readonly LinkSockets[];
  /** Pings addresses behind relays. Absent where unsupported. */
  readonly echo?: BoundSocket;
  /** The TFTP port, and the ports of transfers, for each worker. */
  readonly tftp?: readonly TftpSockets[];
};

/** What DHCP and BOOTP use of one interface, each bound to it. */
export type LinkSockets = {
  readonly interface: string;
  /** Port 67: DHCP and BOOTP. Absent where it is {@link taken}. */
  readonly dhcp?: BoundSocket;
  /** Another program has port 67, and may keep it; who, as far as can be seen. */
  readonly taken?: { readonly owner: string | undefined };
  /** Then: frames with datagrams to port 67, where the system has such sockets. */
  readonly overheard?: BoundFrames;
  /** Port 4011: PXE boot servers (PXE 2.1 §2.4). */
  readonly pxe?: BoundSocket;
  /** ARP in, whole frames out: conflict probes, unicast to hosts without an address. Absent where unsupported. */
  readonly frames?: BoundFrames;
  /** What servers tell clients (UDP to port 68): see server/dhcp/look-around. */
  readonly ears?: BoundFrames;
};

export type SocketsWanted = {
  /** None: files are served on all of them. */
  readonly interfaces: readonly string[];
  /** Needs interfaces. */
  readonly dhcp: boolean;
  readonly pxe: boolean;
  /** Another program may have port 67: what is sent there is overheard. */
  readonly sharing: boolean;
  /** {@link LinkSockets.ears}, where the system has them. */
  readonly ears: boolean;
  readonly tftp?: Pick<TftpSocketSpec, 'address' | 'port' | 'singlePort' | 'ports' | 'workers'>;
};

/** Names who holds a UDP port, `dnsmasq, pid 812`; undefined when nobody can be seen. */
export type PortOwner = (port: number) => string | undefined;

const SERVER_PORT = 67;
/** What comes while a turn is on the disk waits here: 8,000 requests. */
const BUFFER_BYTES = 8 * 1024 * 1024;
const CLIENT_PORT = 68;

/**
 * Opens them all, or none: on failure what was opened is released, and a {@link StartProblem} says who holds the port
 * or which capability is missing.
 */
export async function openSockets(
  network: Network,
  wanted: SocketsWanted,
  ownerOf: PortOwner,
): Promise<Sockets> {
  const { interfaces } = wanted;
  const links: Opened[] = [];
  let tftp: readonly TftpSockets[] | undefined;
  let echo: BoundSocket | undefined;
  try {
    for (const name of wanted.dhcp ? interfaces : []) {
      const link: Opened = { interface: name };
      links.push(link);
      await openLink(link, { network, wanted, ownerOf });
    }
    if (links.length > 0) echo = openEcho(network, ownerOf);
    if (wanted.tftp) {
      const on = interfaces.length > 0 ? { interfaces } : {};
      const opened = await openTftpSockets(network, { ...on, ...wanted.tftp });
      if (!opened.ok) throw explain(opened.error, { port: wanted.tftp.port }, ownerOf);
      tftp = opened.value;
    }
    return { links: links.filter(isComplete), ...(echo && { echo }), ...(tftp && { tftp }) };
  } catch (error) {
    for (const link of links) releaseLink(network, link);
    if (echo) network.release(echo);
    if (tftp) releaseTftpSockets(network, tftp);
    throw error;
  }
}

/** While they are being opened. */
type Opened = { -readonly [K in keyof LinkSockets]?: LinkSockets[K] } & { readonly interface: string };

function isComplete(link: Opened): link is LinkSockets {
  return link.dhcp !== undefined || link.taken !== undefined;
}

/** Opens an interface's sockets into `link`, so that whoever catches a failure knows what to close. */
async function openLink(
  link: Opened,
  io: { readonly network: Network; readonly wanted: SocketsWanted; readonly ownerOf: PortOwner },
): Promise<void> {
  const { network, wanted, ownerOf } = io;
  const name = link.interface;
  const bind = async (port: number): Promise<BoundSocket> => {
    const bound = await network.bind({ interface: name, port, broadcast: true });
    if (bound.ok) return bound.value;
    throw explain(bound.error, { port, on: name }, ownerOf);
  };
  const dhcp = await network.bind({
    interface: name,
    port: SERVER_PORT,
    broadcast: true,
    receiveBufferBytes: BUFFER_BYTES,
  });
  if (dhcp.ok) link.dhcp = dhcp.value;
  else if (wanted.sharing && dhcp.error.errno === 'EADDRINUSE') link.taken = { owner: ownerOf(SERVER_PORT) };
  else throw explain(dhcp.error, { port: SERVER_PORT, on: name }, ownerOf);
  if (wanted.pxe) link.pxe = await bind(4011);
  if (!network.canSendRaw) return;
  const bindFrames = (etherType: number, udpTo?: number): BoundFrames => {
    const bound = network.bindFrames(name, etherType, udpTo);
    if (bound.ok) return bound.value;
    throw explain(bound.error, { on: name }, ownerOf);
  };
  link.frames = bindFrames(ETHERTYPE.arp);
  if (link.taken) link.overheard = bindFrames(ETHERTYPE.ipv4, SERVER_PORT);
  if (wanted.ears) link.ears = bindFrames(ETHERTYPE.ipv4, CLIENT_PORT);
}

function openEcho(network: Network, ownerOf: PortOwner): BoundSocket | undefined {
  const bound = network.bindEcho?.();
  if (bound === undefined || bound.ok) return bound?.value;
  throw explain(bound.error, {}, ownerOf);
}

function releaseLink(network: Network, { dhcp, pxe, frames, ears, overheard }: Opened): void {
  for (const socket of [dhcp, pxe]) if (socket) network.release(socket);
  for (const bound of [frames, ears, overheard]) if (bound) network.releaseFrames(bound);
}

/** Closes them for good. */
export function releaseSockets(network: Network, { links, echo, tftp }: Sockets): void {
  for (const link of links) releaseLink(network, link);
  if (echo) network.release(echo);
  if (tftp) releaseTftpSockets(network, tftp);
}

/** What could not be opened: a packet socket, when no port is named. */
type Failed = { readonly port?: number; readonly on?: string };

function explain(error: NetError, { port, on }: Failed, ownerOf: PortOwner): StartProblem {
  const where = on === undefined ? '' : ` of ${on}`;
  const what =
    port === undefined ? `Cannot open a packet socket${where}` : `Cannot listen on UDP port ${port}${where}`;
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
