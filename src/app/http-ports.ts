import type { Config } from '../config/schema.ts';
import type { BootEvent } from '../events/event.ts';
import type { InterfaceFacts, NetError, Network } from '../net/datagram.ts';
import { tcpPortOwner } from '../net/port-owner.ts';
import type { BoundTcp } from '../net/tcp.ts';
import type { Setup } from './setup.ts';
import { StartProblem } from './start-problem.ts';

/** The ports of HTTP, one of each interface; none where it is off, or where `auto` found them taken: then `warning` says so. */
export type HttpPorts = { readonly ports: readonly BoundTcp[]; readonly warning?: BootEvent };

/** `staysRoot`: this process keeps the rights that it has now. */
export type Circumstances = { readonly links: readonly InterfaceFacts[]; readonly staysRoot: boolean };

/** Where a port cannot be held open, each server opens it anew, as the user that pxed has become by then. */
const NOT_AGAIN: NetError = { operation: 'listen after root is given up', errno: 'EACCES' };

/** Is HTTP to be served, if it can be? `auto` goes with TFTP, whose files it serves. */
export function wantsHttp({ http, tftp }: Config): boolean {
  return http.enabled === true || (http.enabled === 'auto' && tftp.enabled);
}

/**
 * Opens them all, or none. A port that somebody else has is a {@link StartProblem} where HTTP was asked for, and a warning
 * where it was not: many a boot server has a web server already.
 */
export async function openHttpPorts(
  network: Pick<Network, 'tcp' | 'bindsToInterface'>,
  config: Config,
  { links, staysRoot }: Circumstances,
): Promise<HttpPorts> {
  if (!wantsHttp(config)) return { ports: [] };
  const { enabled, port } = config.http;
  const ports: BoundTcp[] = [];
  for (const place of links.length > 0 ? links.map((link) => placeOf(network, link)) : [{}]) {
    const bound = await network.tcp.bind({ ...place, port });
    const lost = bound.ok && bound.value.fd < 0 && port < 1024 && !staysRoot;
    if (bound.ok && !lost) {
      ports.push(bound.value);
      continue;
    }
    releaseHttpPorts(network, ports);
    const problem = explain(bound.ok ? NOT_AGAIN : bound.error, {
      port,
      on: 'interface' in place ? place.interface : undefined,
    });
    if (enabled === true) throw problem;
    const detail = `${problem.message}; files are served by TFTP alone. ${problem.fix}, or say http.enabled: false`;
    return {
      ports: [],
      warning: { type: 'service.warning', service: 'http', problem: 'port-unavailable', detail },
    };
  }
  return { ports };
}

/** Closes them for good. */
export function releaseHttpPorts({ tcp }: Pick<Network, 'tcp'>, ports: readonly BoundTcp[]): void {
  for (const port of ports) tcp.release(port);
}

/**
 * The setup with the URL of our own files where none was configured: machines that boot by HTTP, and iPXE, then get them from
 * here. Who is told another TFTP server finds its files there.
 */
export function withOwnUrl(setup: Setup, [first]: readonly Pick<BoundTcp, 'port'>[]): Setup {
  const { config, overrides } = setup;
  if (!first || config.boot.http !== undefined || overrides.nextServer !== undefined) return setup;
  const port = first.port === 80 ? '' : `:${first.port}`;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: filled in for each client, with our address on its network
  const host = '${next-server}';
  return { ...setup, config: { ...config, boot: { ...config.boot, http: `http://${host}${port}/` } } };
}

/** Where sockets cannot be bound to an interface, to its address. */
function placeOf({ bindsToInterface }: Pick<Network, 'bindsToInterface'>, link: InterfaceFacts) {
  if (bindsToInterface) return { interface: link.name };
  const address = link.addresses[0]?.address;
  return address === undefined ? {} : { address };
}

type Failed = { readonly port: number; readonly on: string | undefined };

function explain({ operation, errno }: NetError, { port, on }: Failed): StartProblem {
  const what = `Cannot open TCP port ${port}${on === undefined ? '' : ` of ${on}`}`;
  switch (errno) {
    case 'EADDRINUSE': {
      const owner = tcpPortOwner(port);
      return new StartProblem(
        `${what}: in use${owner ? ` by ${owner}` : ''}`,
        'Stop it, choose another port (--http-port, http.port)',
      );
    }
    case 'EACCES':
    case 'EPERM':
      return new StartProblem(
        `${what}: not permitted (${operation} needs CAP_NET_BIND_SERVICE)`,
        'Run pxed as root, choose a port above 1023 (--http-port, http.port)',
      );
    default:
      return new StartProblem(
        `${what}: ${errno} (${operation})`,
        'Choose another port (--http-port, http.port)',
      );
  }
}
