import type { BootEvent } from './event.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

/** How loud an event is: `warn` wants somebody to look, `info` tells the boot's story, `debug` every step of it. */
export function levelOf(event: BootEvent): Level {
  switch (event.type) {
    case 'service.failed':
      return 'error';
    case 'service.warning':
    case 'dhcp.pool-exhausted':
    case 'dhcp.conflict':
    case 'dhcp.decline':
    case 'dhcp.nak':
    case 'dhcp.server-gone':
    case 'tftp.failed':
    case 'http.failed':
    case 'boot.again':
    case 'boot.loop':
    case 'boot.not-relinked':
      return 'warn';
    case 'dhcp.other-server':
      return event.kind === 'address' ? 'warn' : 'info';
    case 'tftp.refused':
    case 'http.refused':
      if (event.search || event.optional) return 'debug';
      return event.failure === 'not-found' ? 'info' : 'warn';
    case 'dhcp.quirk':
      return event.why === 'worked' ? 'info' : 'warn';
    case 'dhcp.ignored':
      // On a network of another server most of what is heard is for that one.
      return event.why === 'address-server' ? 'debug' : 'info';
    case 'tftp.config':
      return event.winner === undefined ? 'warn' : 'info';
    case 'tftp.started':
    case 'tftp.probed':
    case 'dhcp.offer':
    case 'dhcp.inform':
    case 'dhcp.no-address':
    case 'dhcp.lease-query':
    case 'dhcp.malformed':
    case 'tftp.malformed':
    case 'http.started':
    case 'http.probed':
    case 'http.malformed':
      return 'debug';
    default:
      return 'info';
  }
}
