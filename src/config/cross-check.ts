import { contains, formatIpv4, formatSubnet, type Ipv4 } from '../lib/ipv4.ts';
import { nearNames } from '../lib/near.ts';
import type { Finding } from './load.ts';
import type { Config, HostConfig, NetworkConfig } from './schema.ts';

/** What no single key can tell: values that contradict one another. */
export function crossCheck(config: Config, archNames: Iterable<string>): Finding[] {
  return [
    ...config.networks.flatMap(checkNetwork),
    ...checkOverlaps(config.networks),
    ...checkHosts(config),
    ...checkArch(config.boot.arch, [...archNames]),
    ...checkTftp(config),
  ];
}

function checkNetwork(network: NetworkConfig, index: number): Finding[] {
  const at = ['networks', index];
  const outside = (key: 'range' | 'exclude'): Finding[] =>
    (network[key] ?? []).flatMap((range, i) => {
      const wrong = [range.first, range.last].find((ip) => !contains(network.subnet, ip));
      if (wrong === undefined) return [];
      const message = `${formatIpv4(wrong)} is not in ${formatSubnet(network.subnet)}`;
      return [{ path: [...at, key, i], message }];
    });
  const findings = [...outside('range'), ...outside('exclude')];
  const { 'lease-min': min, 'lease-max': max } = network;
  if (min !== undefined && max !== undefined && min > max) {
    findings.push({ path: [...at, 'lease-min'], message: 'must not be longer than lease-max' });
  }
  for (const code of Object.keys(network.options ?? {})) {
    const message = optionMistake(Number(code));
    if (message) findings.push({ path: [...at, 'options', code], message });
  }
  return findings;
}

/** Options that say who gives what to whom are pxed's own to write (RFC 2131 §4.3.1, Table 3). */
const OWN_OPTIONS = new Map([
  [1, 'the mask follows from subnet'],
  [3, 'use routers'],
  [6, 'use domain-name-servers'],
  [15, 'use domain-name'],
  [51, 'use lease'],
]);

function optionMistake(code: number): string | undefined {
  if (code < 1 || code > 254) return 'option codes are numbers from 1 to 254';
  if (OWN_OPTIONS.has(code)) return OWN_OPTIONS.get(code);
  return [50, 52, 53, 54, 55, 57, 61, 82].includes(code) ? 'pxed sets this option itself' : undefined;
}

function checkOverlaps(networks: readonly NetworkConfig[]): Finding[] {
  return networks.flatMap((network, index) => {
    const other = networks
      .slice(0, index)
      .find(
        ({ subnet }) => contains(subnet, network.subnet.network) || contains(network.subnet, subnet.network),
      );
    if (!other) return [];
    return [{ path: ['networks', index, 'subnet'], message: `overlaps ${formatSubnet(other.subnet)} above` }];
  });
}

function checkHosts({ hosts, networks }: Config): Finding[] {
  const macs = new Map<string, number>();
  const addresses = new Map<Ipv4, number>();
  return hosts.flatMap((host, index) => {
    const at = (key: keyof HostConfig) => ['hosts', index, key];
    const findings: Finding[] = [];
    const twice = (key: 'mac' | 'address', first: number | undefined) => {
      if (first !== undefined)
        findings.push({ path: at(key), message: `is that of hosts[${first}] already` });
    };
    if (host.mac === undefined && host['client-id'] === undefined) {
      findings.push({ path: ['hosts', index], message: 'needs a mac or a client-id to be known by' });
    }
    if (host.mac !== undefined) twice('mac', macs.get(host.mac));
    if (host.address !== undefined) twice('address', addresses.get(host.address));
    const { address } = host;
    if (
      address !== undefined &&
      networks.length > 0 &&
      !networks.some(({ subnet }) => contains(subnet, address))
    ) {
      findings.push({ path: at('address'), message: `${formatIpv4(address)} is in none of the networks` });
    }
    if (host.mac !== undefined) macs.set(host.mac, macs.get(host.mac) ?? index);
    if (address !== undefined) addresses.set(address, addresses.get(address) ?? index);
    return findings;
  });
}

function checkArch(arch: Config['boot']['arch'], names: readonly string[]): Finding[] {
  return Object.keys(arch).flatMap((key) => {
    if (names.includes(key) || (/^\d{1,5}$/.test(key) && Number(key) <= 0xffff)) return [];
    const near = nearNames(key, names);
    const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : `; known are ${names.join(', ')}`;
    return [{ path: ['boot', 'arch', key], message: `no such architecture${hint}` }];
  });
}

function checkTftp({ tftp }: Config): Finding[] {
  if (!tftp['single-port'] || tftp.ports === undefined) return [];
  return [{ path: ['tftp', 'ports'], message: 'has no effect with single-port: choose one of the two' }];
}
