import { contains, type Ipv4, maskOf } from '../lib/ipv4.ts';
import type { PlannedNetwork } from './plan.ts';
import type { Link } from './settings.ts';

/** Networks by where their clients are; each list has the network of the question first, then those that share its link. */
export type NetworkIndex = {
  /** The networks of the link that an address lies on. */
  at(ip: Ipv4): readonly PlannedNetwork[];
  /** The networks behind a relay. */
  behind(giaddr: Ipv4): readonly PlannedNetwork[];
  /** The networks of an interface. */
  on(link: Link): readonly PlannedNetwork[];
};

const NONE: readonly PlannedNetwork[] = [];

/** Files networks for look-ups that cost the same for one network and for thousands. */
export function indexNetworks(networks: readonly PlannedNetwork[], links: readonly Link[]): NetworkIndex {
  const together = shareLinks(networks);
  const byLength = new Map<number, Map<Ipv4, PlannedNetwork>>();
  for (const network of networks) {
    const { length } = network.subnet;
    const row = byLength.get(length) ?? new Map<Ipv4, PlannedNetwork>();
    if (!row.has(network.subnet.network)) row.set(network.subnet.network, network);
    byLength.set(length, row);
  }
  // The longest prefix first: of networks that overlap, the narrow one is meant.
  const rows = [...byLength]
    .sort(([a], [b]) => b - a)
    .map(([length, row]) => ({ mask: maskOf(length), row }));
  const relays = new Map<Ipv4, readonly PlannedNetwork[]>();
  for (const network of networks) {
    for (const relay of network.relays ?? []) {
      relays.set(relay, unique([...(relays.get(relay) ?? []), ...together(network)]));
    }
  }
  const byLink = new Map(links.map((link) => [link, networksOn(link)]));

  function at(ip: Ipv4): readonly PlannedNetwork[] {
    for (const { mask, row } of rows) {
      const network = row.get((ip & mask) >>> 0);
      if (network) return together(network);
    }
    return NONE;
  }

  function networksOn(link: Link): readonly PlannedNetwork[] {
    const own = networks.filter((network) =>
      network.interface === undefined
        ? link.addresses.some(({ ip }) => contains(network.subnet, ip))
        : network.interface === link.name,
    );
    return unique([...own, ...own.flatMap(together)]);
  }

  return {
    at,
    behind: (giaddr) => relays.get(giaddr) ?? at(giaddr),
    on: (link) => byLink.get(link) ?? networksOn(link),
  };
}

/** A network's list of those that share its link, itself first. */
function shareLinks(
  networks: readonly PlannedNetwork[],
): (network: PlannedNetwork) => readonly PlannedNetwork[] {
  const named = Map.groupBy(
    networks.filter(({ sharedNetwork }) => sharedNetwork !== undefined),
    ({ sharedNetwork }) => sharedNetwork!,
  );
  const lists = new Map(
    networks.map((network) => {
      const siblings = named.get(network.sharedNetwork ?? '') ?? [];
      return [network, [network, ...siblings.filter((other) => other !== network)]];
    }),
  );
  return (network) => lists.get(network) ?? [network];
}

function unique(list: readonly PlannedNetwork[]): readonly PlannedNetwork[] {
  return [...new Set(list)];
}
