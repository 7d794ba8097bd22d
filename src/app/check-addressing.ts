import type { Config } from '../config/schema.ts';
import type { DhcpSettings } from '../dhcp/settings.ts';
import type { BootEvent } from '../events/event.ts';
import { contains, formatIpv4 } from '../lib/ipv4.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';

/** What an operator did not mean, although it can be served. */
export function addressingWarnings(
  config: Config,
  facts: { readonly links: readonly InterfaceFacts[]; readonly dhcp?: DhcpSettings },
  { canSendRaw }: Pick<Network, 'canSendRaw'>,
): BootEvent[] {
  const { dhcp } = facts;
  if (!dhcp || config.mode === 'proxy') return [];
  // With networks configured, all clients may be behind relays.
  const direct = config.networks.length === 0 ? facts.links : [];
  const warnings = direct.flatMap(({ name, addresses }) => {
    const ip = addresses[0]!.address;
    const network = dhcp.networks.find(({ subnet }) => contains(subnet, ip));
    if (network?.subnet.length !== 32) return [];
    const fix = `ip address add ${formatIpv4(ip)}/24 dev ${name}`;
    const detail = `${name} has ${formatIpv4(ip)}/32, a network without room for clients; give it the prefix of its network, for example: ${fix}`;
    return [warn('no-room', detail)];
  });
  for (const name of unservedInterfaces(config, facts.links)) {
    warnings.push(warn('unserved-interface', `networks or rules are about ${name}, which is not served`));
  }
  warnings.push(...hostWarnings(config, facts));
  if (config.mode === 'auto' && !canSendRaw) {
    const detail = 'these sockets cannot look for other DHCP servers: mode auto is mode dhcp here';
    warnings.push(warn('cannot-look-around', detail));
  }
  return warnings;
}

type Warning = Extract<BootEvent, { readonly type: 'service.warning' }>;

function warn(problem: string, detail: string): Warning {
  return { type: 'service.warning', service: 'dhcp', problem, detail };
}

/** Addresses of hosts that no machine will get, although the configuration has no mistake. */
export function hostWarnings(
  config: Config,
  { links, dhcp }: { readonly links: readonly InterfaceFacts[]; readonly dhcp?: DhcpSettings },
): Warning[] {
  if (!dhcp || config.mode === 'proxy') return [];
  const own = new Set(links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  return config.hosts.flatMap(({ address }, index) => {
    if (address === undefined) return [];
    const named = `hosts[${index}].address: ${formatIpv4(address)}`;
    if (own.has(address)) return [warn('own-address', `${named} is pxed's own; give that machine another`)];
    // Networks of the configuration were held against it already.
    const here = config.networks.length > 0 || dhcp.networks.some(({ subnet }) => contains(subnet, address));
    return here ? [] : [warn('unserved-address', `${named} is in no network that is served: nobody gets it`)];
  });
}

/** Interfaces that networks and rules name and that this process does not serve. */
function unservedInterfaces({ networks, rules }: Config, links: readonly InterfaceFacts[]): string[] {
  const named = [
    ...networks.map((network) => network.interface),
    ...rules.flatMap(({ match }) => match.interface),
  ];
  const served = links.map(({ name }) => name);
  return [...new Set(named)].filter((name) => name !== undefined).filter((name) => !served.includes(name));
}
