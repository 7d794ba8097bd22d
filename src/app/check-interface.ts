import { formatIpv4 } from '../lib/ipv4.ts';
import { nearNames } from '../lib/near.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';
import { StartProblem } from './start-problem.ts';

/** {@link checkInterface} of each. Several need sockets that leave one another alone. */
export function checkInterfaces(
  network: Pick<Network, 'interfaces' | 'bindsToInterface'>,
  names: readonly string[],
  needs: { ipv4: boolean },
): InterfaceFacts[] {
  if (names.length > 1 && !network.bindsToInterface) {
    throw new StartProblem(
      `Cannot serve on ${names.join(', ')}: a socket hears all interfaces here, not one of them`,
      'Name a single interface',
    );
  }
  return names.map((name) => checkInterface(network, name, needs));
}

/**
 * The facts of the interface to serve on. Throws {@link StartProblem} when nobody can be served there. DHCP and BOOTP need
 * IPv4; for files a global IPv6 address will do.
 */
export function checkInterface(
  network: Pick<Network, 'interfaces'>,
  name: string,
  { ipv4 }: { ipv4: boolean },
): InterfaceFacts {
  const all = network.interfaces();
  const found = all.find((each) => each.name === name);
  if (!found) throw noSuchInterface(name, all);
  if (!found.up) {
    throw new StartProblem(
      `Cannot serve on ${name}: the interface is down`,
      `Bring it up: ip link set ${name} up`,
    );
  }
  if (found.addresses.length === 0 && (ipv4 || !found.ipv6)) {
    throw new StartProblem(
      `Cannot serve on ${name}: it has no IPv4 address`,
      `Give it one, for example: ip address add 192.168.77.1/24 dev ${name}`,
    );
  }
  return found;
}

/**
 * After a reload: throws {@link StartProblem} when a name means another interface than it did, as after a USB card was
 * pulled and plugged in: sockets are bound to the one that is gone, and to open others needs root.
 */
export function checkSameInterfaces(before: readonly InterfaceFacts[], now: readonly InterfaceFacts[]): void {
  for (const { name, index } of before) {
    const same = now.find((each) => each.name === name);
    if (!same || same.index === index) continue;
    throw new StartProblem(
      `Cannot serve on ${name}: it was removed and made anew, which needs a restart`,
      'Restart pxed, which opens its sockets on the new one',
    );
  }
}

function noSuchInterface(name: string, all: readonly InterfaceFacts[]): StartProblem {
  const names = all.map((each) => each.name);
  const [near] = nearNames(name, names, 1);
  const list = all.map(({ name: each, addresses }) => {
    const shown = addresses
      .map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`)
      .join(', ');
    return `${each} (${shown || 'no IPv4 address'})`;
  });
  const hint = near === undefined ? '' : `Did you mean ${near}? `;
  return new StartProblem(
    `Cannot serve on ${name}: no such interface`,
    `${hint}There are: ${list.join(', ') || 'none'}`,
  );
}
