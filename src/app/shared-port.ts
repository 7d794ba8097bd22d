import type { BootEvent } from '../events/event.ts';
import type { Sockets } from './sockets.ts';

/** What an operator should know of interfaces whose port 67 is another program's: there we are a proxyDHCP server. */
export function sharingWarnings({ links }: Sockets): BootEvent[] {
  return links.flatMap(({ interface: name, taken, overheard }) => {
    if (!taken) return [];
    const whose = `UDP port 67 of ${name} is in use${taken.owner ? ` by ${taken.owner}` : ''}`;
    const how = overheard
      ? 'so that one gives the addresses, and pxed, as proxyDHCP, answers boot requests that it overhears'
      : 'and pxed cannot overhear its requests here: it answers on port 4011 alone. That server must send option 60 ' +
        '(vendor-class-identifier) PXEClient, and no boot file, for machines to ask there';
    return [
      { type: 'service.warning', service: 'dhcp', problem: 'port-67-shared', detail: `${whose}, ${how}` },
    ];
  });
}
