import { contains, formatSubnet } from '../lib/ipv4.ts';
import { checkHosts } from './check-hosts.ts';
import { checkMenu } from './check-menu.ts';
import { checkNetwork, checkRelays } from './check-networks.ts';
import { checkProfiles } from './check-profiles.ts';
import { checkArchName, checkRules, checkTags } from './check-rules.ts';
import type { Finding } from './load.ts';
import type { Config, NetworkConfig } from './schema.ts';

/** What no single key can tell: values that contradict one another. */
export function crossCheck(config: Config, archNames: Iterable<string>): Finding[] {
  return [
    ...config.networks.flatMap(checkNetwork),
    ...checkOverlaps(config.networks),
    ...checkRelays(config.networks),
    ...checkHosts(config),
    ...checkRules(config.rules, [...archNames]),
    ...checkTags(config),
    ...checkProfiles(config),
    ...checkArch(config.boot.arch, [...archNames]),
    ...checkOverrides(config.boot['arch-override'] ?? [], [...archNames]),
    ...checkMenu(config.boot.menu, [...archNames]),
    ...checkTftp(config),
    ...checkControl(config),
  ];
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

function checkArch(arch: Config['boot']['arch'], names: readonly string[]): Finding[] {
  return Object.keys(arch).flatMap((key) => checkArchName(key, names, ['boot', 'arch', key]));
}

function checkOverrides(
  overrides: NonNullable<Config['boot']['arch-override']>,
  names: readonly string[],
): Finding[] {
  return overrides.flatMap(({ arch, ...who }, index) => {
    const at = ['boot', 'arch-override', index];
    const nobody = Object.values(who).every((one) => one === undefined);
    const message = 'needs a vendor-class, a mac or a uuid to know the machine by';
    return [
      ...(nobody ? [{ path: at, message }] : []),
      ...checkArchName(String(arch), names, [...at, 'arch']),
    ];
  });
}

function checkTftp({ tftp }: Config): Finding[] {
  if (!tftp['single-port'] || tftp.ports === undefined) return [];
  return [{ path: ['tftp', 'ports'], message: 'has no effect with single-port: choose one of the two' }];
}

function checkControl({ control }: Config): Finding[] {
  if (control.listen.length === 0 || control['token-file'] !== undefined) return [];
  return [
    { path: ['control', 'listen'], message: 'needs a token-file: whoever comes by TCP must know a token' },
  ];
}
