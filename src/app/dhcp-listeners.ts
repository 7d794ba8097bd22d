import type { Config } from '../config/schema.ts';
import type { DhcpListener } from '../server/dhcp/listeners.ts';
import { type Facts, linkOf, runningLinks } from './facts.ts';
import type { Sockets } from './sockets.ts';

const ROLES = { auto: 'auto', dhcp: 'server', proxy: 'proxy', off: 'server' } as const;

/** Does anybody want to know of other DHCP servers? */
export function looksAround(config: Config): boolean {
  return config.mode === 'auto' || (config.mode !== 'off' && config['rogue-watch']);
}

/** The sockets of each interface, with what is known of it. */
export function listenersOf({ links }: Facts, sockets: Sockets, config: Config): DhcpListener[] {
  const role = ROLES[config.mode];
  const watching = config.mode !== 'off' && config['rogue-watch'];
  const running = runningLinks(links);
  return sockets.links.map(({ interface: name, ears, taken, ...opened }) => ({
    link: linkOf(links.find((facts) => facts.name === name)!),
    ...opened,
    // Who has this machine's port 67 gives the addresses: there is nothing to find out, and frames of ours do not reach it.
    lookout: {
      ...{ role: taken ? 'proxy' : role, watching: watching && !taken },
      ...{ running: running.has(name), ears },
    },
  }));
}
