import { type Finding, good, problem, warning } from './finding.ts';
import type { Look } from './look.ts';
import { type Patient, portsOf, servesDhcp } from './patient.ts';

type RightsLook = Pick<Look, 'uid' | 'capabilities' | 'text'>;

/** May pxed, started as the doctor was, open what it needs? */
export function checkRights(patient: Patient, { uid, capabilities, text }: RightsLook): Finding[] {
  if (patient.running) return [];
  const who = uid === 0 ? 'root' : `uid ${uid}`;
  const { tftp, http } = portsOf(patient);
  const first = Number(text('/proc/sys/net/ipv4/ip_unprivileged_port_start')?.trim() ?? 1024);
  const low = [...(servesDhcp(patient) ? [67] : []), tftp, http].some(
    (port) => port !== undefined && port > 0 && port < first,
  );
  const needed = [
    ...(low ? [['CAP_NET_BIND_SERVICE', `to open ports below ${first}`] as const] : []),
    ...(servesDhcp(patient)
      ? [['CAP_NET_RAW', 'to answer machines without an address, and to probe'] as const]
      : []),
  ];
  const missing = needed.filter(([name]) => !capabilities.includes(name));
  if (missing.length > 0) {
    const text = `${who} may not start pxed: ${missing.map(([name, why]) => `${name} is missing ${why}`).join('; ')}`;
    const fix =
      uid === 0
        ? 'A container must be given them, for example: docker run --cap-add NET_RAW --cap-add NET_BIND_SERVICE --network host'
        : 'Start it as root, it gives root up by itself; or: setcap cap_net_bind_service,cap_net_raw=ep "$(command -v node)"';
    // Who asks need not be who starts it.
    return [uid === 0 ? problem('capabilities', text, fix) : warning('capabilities', text, fix)];
  }
  if (uid === 0 && !capabilities.includes('CAP_SETUID')) {
    const text = 'root here may not become another user: pxed would stay root';
    return [warning('stays-root', text, 'Give it CAP_SETUID and CAP_SETGID, or say so: --user root')];
  }
  return [good('capabilities', `${who} may open the ports and packet sockets`)];
}
