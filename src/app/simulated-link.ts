import type { Config } from '../config/schema.ts';
import type { Link } from '../dhcp/settings.ts';
import { contains, formatIpv4, type Ipv4, subnetOf } from '../lib/ipv4.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { linkOf } from './facts.ts';

/** The links that a simulated request may come in on; the first is the one it does. */
export type SimulatedLinks = { readonly links: readonly Link[]; readonly notes: readonly string[] };

/** RFC 5737: addresses for examples. */
const EXAMPLE = subnetOf(0xc0000200, 24);

/**
 * The interfaces of the configuration as they are here; one that is not, or has no address, is made up: with an address of the
 * first network that is about it. `on`: the one that the machine is connected to.
 */
export function simulatedLinks(
  { interfaces, networks }: Config,
  { here, on }: { readonly here: readonly InterfaceFacts[]; readonly on?: string | undefined },
): SimulatedLinks {
  const notes: string[] = [];
  const names = interfaces ?? [];
  const all = on === undefined ? names : [on, ...names.filter((name) => name !== on && names.includes(on))];
  const links = (all.length > 0 ? all : ['eth0']).map((name, position) => {
    const found = here.find((one) => one.name === name);
    if (found && found.addresses.length > 0) return linkOf(found);
    const link = madeUp(name, position, networks);
    const { ip, length } = link.addresses[0]!;
    const why = found ? `${name} has no IPv4 address` : `there is no interface ${name} here`;
    notes.push(`${why}: taken to have ${formatIpv4(ip)}/${length}`);
    return link;
  });
  return { links, notes };
}

function madeUp(name: string, position: number, networks: Config['networks']): Link {
  const network = networks.find((one) => one.interface === name) ?? networks[position];
  const subnet = network?.subnet ?? EXAMPLE;
  return {
    name,
    index: position + 1,
    mac: `02:00:00:00:00:${(position + 1).toString(16).padStart(2, '0')}`,
    mtu: 1500,
    addresses: [{ ip: addressIn(network) ?? subnet.network + 1, length: subnet.length }],
  };
}

/** Its TFTP server or its router, where they lie in it, may well be this machine. */
function addressIn(network: Config['networks'][number] | undefined): Ipv4 | undefined {
  if (!network) return undefined;
  const server = network['next-server'];
  const likely = [...(typeof server === 'number' ? [server] : []), ...(network.routers ?? [])];
  return likely.find((ip) => contains(network.subnet, ip));
}

/** `eth0 (192.168.77.1/24)`. */
export function describeLink({ name, addresses }: Link): string {
  const [first] = addresses;
  return first ? `${name} (${formatIpv4(first.ip)}/${first.length})` : name;
}
