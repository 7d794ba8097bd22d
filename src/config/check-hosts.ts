import { broadcastOf, contains, formatIpv4, formatSubnet, type Ipv4 } from '../lib/ipv4.ts';
import { checkLeases } from './check-networks.ts';
import type { Finding } from './load.ts';
import type { Config, HostConfig, NetworkConfig } from './schema.ts';

/** What a machine is known by, in the order of look-ups; `hostname` only where there is nothing else. */
const SELECTORS = ['client-id', 'mac', 'uuid', 'remote-id', 'circuit-id'] as const;

/** Hosts that nobody can be, that are two at once, or that are nowhere. */
export function checkHosts({ hosts, networks }: Config): Finding[] {
  const seen = new Map<string, number[]>();
  const addresses = new Map<Ipv4, number>();
  return hosts.flatMap((host, index) => {
    const at = ['hosts', index];
    const findings: Finding[] = [...checkLeases(host, at)];
    const { address } = host;
    const selector = SELECTORS.find((key) => host[key] !== undefined) ?? 'hostname';
    if (host[selector] === undefined) {
      findings.push({ path: at, message: `needs one of ${SELECTORS.join(', ')}, hostname to be known by` });
    } else {
      const { own, twins } = twinsOf(seen, host);
      const twin = twins.find((other) => !areApart(host, hosts[other]!, networks));
      // Who is one of those above needs not be compared with those below: no list is longer than there are networks.
      if (twin === undefined) own.push(index);
      else {
        const other = hosts[twin]!.uuid;
        const spelled = other === undefined || other === host.uuid ? '' : `, which spells it ${other}`;
        findings.push({ path: [...at, selector], message: `is that of hosts[${twin}] already${spelled}` });
      }
    }
    if (address === undefined) return findings;
    const first = addresses.get(address);
    if (first === undefined) addresses.set(address, index);
    else findings.push({ path: [...at, 'address'], message: `is that of hosts[${first}] already` });
    const subnet = networks.find(
      (network) => network.subnet.length < 31 && contains(network.subnet, address),
    )?.subnet;
    if (subnet && (address === subnet.network || address === broadcastOf(subnet))) {
      const what = address === subnet.network ? 'the network itself' : 'the broadcast address';
      findings.push({
        path: [...at, 'address'],
        message: `${formatIpv4(address)} is ${what} of ${formatSubnet(subnet)}, no machine's address`,
      });
    }
    if (networks.length > 0 && !networks.some(({ subnet }) => contains(subnet, address))) {
      findings.push({
        path: [...at, 'address'],
        message: `${formatIpv4(address)} is in none of the networks`,
      });
    }
    return findings;
  });
}

/**
 * Entries above with the very same selectors, and the list where those with the selectors of `host` are noted. A UUID counts in both
 * its spellings.
 */
function twinsOf(
  seen: Map<string, number[]>,
  host: HostConfig,
): { readonly own: number[]; readonly twins: readonly number[] } {
  const spellings = host.uuid === undefined ? [undefined] : [host.uuid, otherOrder(host.uuid)];
  const keys = [...new Set(spellings)].map((uuid) => keyOf(host, uuid));
  const twins = keys.flatMap((key) => seen.get(key) ?? []);
  const own = seen.get(keys[0]!) ?? [];
  seen.set(keys[0]!, own);
  return { own, twins };
}

function keyOf(host: HostConfig, uuid: string | undefined): string {
  const known = { ...host, uuid };
  const values = SELECTORS.map((key) => known[key]);
  const name = values.every((value) => value === undefined) ? host.hostname?.toLowerCase() : undefined;
  return JSON.stringify([...values, host.relay, name]);
}

/** The first three fields the other way round (RFC 4578 §2.3). */
function otherOrder(uuid: string): string {
  const reversed = (digits: string) => (digits.match(/../g) ?? []).reverse().join('');
  const [a = '', b = '', c = '', ...rest] = uuid.split('-');
  return [reversed(a), reversed(b), reversed(c), ...rest].join('-');
}

/** One machine may have an address in each of several networks. */
function areApart(one: HostConfig, other: HostConfig, networks: readonly NetworkConfig[]): boolean {
  const placeOf = ({ address }: HostConfig) =>
    address === undefined ? -1 : networks.findIndex(({ subnet }) => contains(subnet, address));
  return placeOf(one) >= 0 && placeOf(other) >= 0 && placeOf(one) !== placeOf(other);
}
