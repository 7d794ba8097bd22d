import { contains, formatIpv4, formatSubnet, subnetOf } from '../../lib/ipv4.ts';
import { nearNames } from '../../lib/near.ts';
import type { InterfaceFacts } from '../../net/datagram.ts';
import { type Finding, good, problem, warning } from './finding.ts';
import type { Look } from './look.ts';
import { type Patient, servesDhcp } from './patient.ts';

/** Ethernet's; what boot firmware without exception can take. */
const ETHERNET_MTU = 1500;
/** Where firmware of jumbo frames ends, and the rest of RFC 2348's blocks begins. */
const COMMON_BLOCK = 1468;

/** Interfaces: there, up, with a carrier, an address, and Ethernet's MTU; bridges; filters of source addresses. */
export function checkLinks(patient: Patient, look: Pick<Look, 'interfaces' | 'text' | 'names'>): Finding[] {
  const missing = patient.interfaces.filter((name) => !patient.links.some((link) => link.name === name));
  const found = [
    ...missing.map((name) => noInterface(name, look.interfaces)),
    ...patient.links.flatMap((link) => [
      ...stateOf(link, patient),
      ...mtuOf(link, patient),
      ...bridgeOf(link, look),
      ...sourceFilterOf(link, { patient, look }),
    ]),
  ];
  return found.length > 0 || patient.links.length === 0 ? found : patient.links.map(described);
}

function described({ name, addresses, mtu }: InterfaceFacts): Finding {
  const own = addresses
    .map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`)
    .join(', ');
  return good('interface', `${name} is up, has ${own || 'no IPv4 address'}, MTU ${mtu}`);
}

function noInterface(name: string, all: readonly InterfaceFacts[]): Finding {
  const names = all.filter(({ loopback }) => !loopback).map((one) => one.name);
  const [near] = nearNames(name, names, 1);
  const hint = near === undefined ? `There are: ${names.join(', ') || 'none'}` : `Did you mean ${near}?`;
  return problem('no-interface', `there is no interface ${name}`, hint);
}

function stateOf({ name, up, running, addresses, ipv6 }: InterfaceFacts, patient: Patient): Finding[] {
  if (!up) return [problem('interface-down', `${name} is down`, `ip link set ${name} up`)];
  const found: Finding[] = [];
  if (!running) {
    const fix = `Plug the cable in at both ends, or see what the switch says of its port: ethtool ${name}`;
    found.push(problem('no-carrier', `${name} has no carrier: no machine can be heard`, fix));
  }
  if (addresses.length === 0 && (servesDhcp(patient) || !ipv6)) {
    const fix = `Give it one, for example: ip address add 192.168.77.1/24 brd + dev ${name}`;
    found.push(problem('no-address', `${name} has no IPv4 address`, fix));
  }
  const alone = addresses.length > 0 && addresses.every(({ prefixLength }) => prefixLength === 32);
  if (alone && servesDhcp(patient) && patient.config.networks.length === 0) {
    const fix = `Give it the prefix of its network: ip address add ${formatIpv4(addresses[0]!.address)}/24 brd + dev ${name}`;
    found.push(problem('no-room', `${name} has a /32 alone: a network without room for clients`, fix));
  }
  return found;
}

function mtuOf({ name, mtu, loopback }: InterfaceFacts, { config }: Patient): Finding[] {
  if (loopback || !config.tftp.enabled) return [];
  const limited = config.tftp['blksize-max'] !== 'mtu' && config.tftp['blksize-max'] <= COMMON_BLOCK;
  if (mtu < ETHERNET_MTU) {
    const text = `${name} has an MTU of ${mtu}: blocks of machines that are told to use more arrive in fragments, which most firmware drops`;
    const fix = `ip link set ${name} mtu ${ETHERNET_MTU}; on a tunnel or VLAN, raise the MTU of what carries it`;
    return [warning('mtu-small', text, fix)];
  }
  if (mtu > ETHERNET_MTU && !limited) {
    const text = `${name} has an MTU of ${mtu}: machines that ask for large blocks get them, and lose them where a switch or a card takes no jumbo frames`;
    return [
      warning(
        'mtu-large',
        text,
        `Grant what all can take: tftp.blksize-max: ${COMMON_BLOCK} (--blksize-max)`,
      ),
    ];
  }
  return [];
}

/** Hundredths of a second (linux/if_bridge.h shows USER_HZ). */
const PER_SECOND = 100;

function bridgeOf({ name }: InterfaceFacts, { text, names }: Pick<Look, 'text' | 'names'>): Finding[] {
  const folder = `/sys/class/net/${name}`;
  const number = (path: string) => Number(text(`${folder}/${path}`)?.trim() ?? Number.NaN);
  const found: Finding[] = [];
  if (number('bridge/stp_state') > 0) {
    // Listening, then learning: twice the delay.
    const seconds = (2 * number('bridge/forward_delay')) / PER_SECOND;
    const text = `${name} is a bridge with spanning tree: a machine is not heard in its first ${seconds} seconds, and most firmware has given up by then`;
    const fix = `Where the bridge has no loop: ip link set ${name} type bridge stp_state 0 forward_delay 0`;
    if (seconds > 0) found.push(warning('bridge-stp', text, fix));
  }
  for (const port of names(`${folder}/brif`)) {
    const state = number(`brif/${port}/state`);
    // 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking.
    if (state === 3 || Number.isNaN(state) || text(`/sys/class/net/${port}/carrier`)?.trim() !== '1')
      continue;
    const words = ['disabled', 'listening', 'learning', '', 'blocking'][state] ?? String(state);
    const fix = `See why: bridge link show dev ${port}`;
    found.push(
      warning('bridge-port', `${port} of the bridge ${name} passes nothing on: it is ${words}`, fix),
    );
  }
  if (text(`/sys/class/net/${name}/master`) === undefined && names(`${folder}/brport`).length > 0) {
    const fix = 'Serve on the bridge itself: give it the address, and name it in place of this port';
    found.push(
      warning('bridge-member', `${name} is a port of a bridge: what is sent to it goes to the bridge`, fix),
    );
  }
  return found;
}

type On = { readonly patient: Patient; readonly look: Pick<Look, 'text'> };

/**
 * Strict filters of source addresses (RFC 3704) drop what comes in by another interface than answers would leave by: relayed
 * requests, and clients of two interfaces on one network.
 */
function sourceFilterOf({ name, addresses }: InterfaceFacts, { patient, look }: On): Finding[] {
  const setting = (which: string) =>
    Number(look.text(`/proc/sys/net/ipv4/conf/${which}/rp_filter`)?.trim() ?? 0);
  if (Math.max(setting('all'), setting(name)) !== 1) return [];
  const others = patient.links.filter((link) => link.name !== name);
  const shared = addresses
    .map(({ address, prefixLength }) => subnetOf(address, prefixLength))
    .find((subnet) => others.some((link) => link.addresses.some(({ address }) => contains(subnet, address))));
  const fix = `sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.${name}.rp_filter=2`;
  if (shared) {
    const text = `${name} drops packets of ${formatSubnet(shared)}, which another interface is on, too (rp_filter is strict)`;
    return [warning('rp-filter', text, fix)];
  }
  const away = patient.config.networks.find(
    ({ subnet }) =>
      !patient.links.some((link) => link.addresses.some(({ address }) => contains(subnet, address))),
  );
  if (!away) return [];
  const text = `${name} drops packets of ${formatSubnet(away.subnet)} unless a route leads back by ${name} (rp_filter is strict)`;
  return [
    warning(
      'rp-filter',
      text,
      `ip route get ${formatIpv4(away.subnet.network + 1)} must name ${name}; or: ${fix}`,
    ),
  ];
}
