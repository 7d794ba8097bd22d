import { resolve } from 'node:path';
import type { BootptabHost } from '../config/bootptab-host.ts';
import type { Reservation } from '../dhcp/settings.ts';

/**
 * A machine of a bootptab in the words of the DHCP and BOOTP brains. `root` is the folder that we serve by TFTP, undefined
 * when another server does: a bootptab may name files by their whole path (`hd=/tftpboot`), our clients by what is below it.
 */
export function bootptabReservation(host: BootptabHost, root: string | undefined): Reservation {
  const below = host.nextServer === undefined ? root : undefined;
  const { name, mac, address, hostname, file, home, nextServer, leaseSeconds } = host;
  const lease = leaseSeconds !== undefined && {
    leaseSeconds,
    minLeaseSeconds: Math.min(leaseSeconds, 120),
    maxLeaseSeconds: leaseSeconds,
  };
  return {
    mac,
    ...(address !== undefined && { ip: address }),
    ...(hostname !== undefined && { hostname }),
    ...(file !== undefined && { file: belowRoot(file, below) }),
    terms: { ...lease, ...(nextServer !== undefined && { nextServer }), options: host.options },
    bootp: {
      suffix: name,
      ...(home !== undefined && { home: belowRoot(home, below) }),
      ...(host.vendor && { vendor: host.vendor }),
      ...(host.replySize !== undefined && { replySize: host.replySize }),
      ...(host.replyTo !== undefined && { replyTo: host.replyTo }),
      ...(host.minSeconds !== undefined && { minSeconds: host.minSeconds }),
      measured: host.measured,
    },
  };
}

function belowRoot(path: string, root: string | undefined): string {
  if (root === undefined || !path.startsWith('/')) return path;
  const whole = resolve(root);
  return path === whole || path.startsWith(`${whole}/`) ? path.slice(whole.length) : path;
}
