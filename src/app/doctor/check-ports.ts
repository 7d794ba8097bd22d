import { type Finding, good, problem, warning } from './finding.ts';
import type { Look } from './look.ts';
import { type Patient, portsOf } from './patient.ts';

type PortLook = Pick<Look, 'portOwner' | 'tcpPortOwner' | 'text'>;

/** Who has the ports that machines come to. */
export function checkPorts(patient: Patient, look: PortLook): Finding[] {
  const { dhcp, pxe, tftp, http } = portsOf(patient);
  const { mode, http: web } = patient.config;
  const taken = (port: number, protocol: 'udp' | 'tcp'): string | undefined => {
    const owner = protocol === 'udp' ? look.portOwner(port) : look.tcpPortOwner(port);
    if (owner !== undefined) return isOurs(owner, patient) ? undefined : `${port} is in use by ${owner}`;
    // Whose it is may be shown to root alone.
    const hidden = !patient.running && isOpen(port, protocol, look);
    return hidden ? `${port} is in use by a program that only root may see` : undefined;
  };
  const found: Finding[] = [];
  const server = dhcp ? taken(67, 'udp') : undefined;
  if (server !== undefined) {
    const text = `UDP port ${server}`;
    const beside = mode === 'proxy' || mode === 'auto';
    found.push(
      beside
        ? warning(
            'port-67',
            `${text}: that program gives the addresses, and pxed boots its machines as proxyDHCP`,
            'Stop it, if pxed is to give the addresses',
          )
        : problem('port-67', text, `Stop it (${stopOf(server)}), or let it give the addresses: --mode proxy`),
    );
  }
  const boot = pxe ? taken(4011, 'udp') : undefined;
  if (boot !== undefined) found.push(problem('port-4011', `UDP port ${boot}`, `Stop it: ${stopOf(boot)}`));
  const files = tftp === undefined || tftp === 0 ? undefined : taken(tftp, 'udp');
  if (files !== undefined) found.push(problem('port-tftp', `UDP port ${files}`, `Stop it: ${stopOf(files)}`));
  const pages = http === undefined ? undefined : taken(http, 'tcp');
  if (pages !== undefined) {
    const text = `TCP port ${pages}`;
    found.push(
      web.enabled === true
        ? problem('port-http', text, 'Stop it, or choose another: http.port (--http-port)')
        : warning(
            'port-http',
            `${text}: files are not served by HTTP`,
            'Choose another: http.port (--http-port)',
          ),
    );
  }
  if (found.length > 0) return found;
  const ports = [...(dhcp ? ['67'] : []), ...(pxe ? ['4011'] : []), ...(tftp ? [String(tftp)] : [])];
  const whose = patient.running
    ? `pxed, pid ${patient.running.pid}, has its ports`
    : 'nobody else has the ports of pxed';
  return [good('ports', `${whose}: UDP ${ports.join(', ')}${http === undefined ? '' : `; TCP ${http}`}`)];
}

/** A listener of TCP has this state. */
const LISTENING = '0A';

/** Does anybody have it, by the tables of /proc/net: `sl local_address rem_address st …`, the port in hex? */
function isOpen(port: number, protocol: 'udp' | 'tcp', { text }: Pick<Look, 'text'>): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return [protocol, `${protocol}6`].some((table) =>
    (text(`/proc/self/net/${table}`) ?? '').split('\n').some((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      return local?.endsWith(suffix) === true && (protocol === 'udp' || state === LISTENING);
    }),
  );
}

/** The pxed that runs; where none is known, any of that name. `dhcpd` and `bootpd` are also names of others. */
function isOurs(owner: string, { running }: Patient): boolean {
  return running ? isPid(owner, running.pid) : /^p(xed|tftpd),/.test(owner);
}

function isPid(owner: string, pid: number): boolean {
  return owner.endsWith(`pid ${pid}`);
}

function stopOf(taken: string): string {
  const [, name, pid] = /by (\S+), pid (\d+)$/.exec(taken) ?? [];
  return name === 'systemd'
    ? 'systemctl list-sockets says for which service'
    : pid === undefined
      ? 'see as root who it is: ss -lunp'
      : `kill ${pid}, or its service (${name})`;
}
