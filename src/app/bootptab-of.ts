import { readBootptab } from '../config/bootptab.ts';
import type { BootptabHost } from '../config/bootptab-host.ts';
import type { Names } from '../config/bootptab-values.ts';
import { formatProblem } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { contains, formatIpv4, parseIpv4 } from '../lib/ipv4.ts';
import { parseMac } from '../lib/mac.ts';
import { whyUnreadable } from './why-unreadable.ts';

export type BootptabResult =
  | { readonly ok: true; readonly hosts: readonly BootptabHost[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the bootptab that a configuration names, if it does. All problems come at once, those included that it has with the
 * configuration beside it: a machine or an address that is in both, an address of no network.
 */
export function bootptabOf(config: Config, readText: (file: string) => string): BootptabResult {
  const { bootptab: file, mode, bootp } = config;
  if (file === undefined || (mode === 'off' && !bootp.enabled)) return { ok: true, hosts: [] };
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    return { ok: false, problems: [`Cannot read the bootptab ${file}: ${whyUnreadable(error)}`] };
  }
  const names = namesOf(readText);
  const read = readBootptab(text, { file, names, zoneSeconds: -60 * new Date().getTimezoneOffset() });
  const problems = read.ok
    ? read.value.flatMap((host) =>
        conflicts(host, config).map((message) =>
          formatProblem({ file, line: host.line, path: host.name, message }),
        ),
      )
    : read.problems.map(formatProblem);
  return read.ok && problems.length === 0 ? { ok: true, hosts: read.value } : { ok: false, problems };
}

function conflicts({ mac, address }: BootptabHost, { hosts, networks }: Config): string[] {
  const twin = hosts.findIndex((host) => host.mac === mac && (host.address ?? address) === address);
  const holder = address === undefined ? -1 : hosts.findIndex((host) => host.address === address);
  const isNowhere =
    address !== undefined && networks.length > 0 && !networks.some(({ subnet }) => contains(subnet, address));
  return [
    ...(twin >= 0 ? [`is hosts[${twin}] of the configuration already`] : []),
    ...(holder >= 0 && holder !== twin ? [`has the address of hosts[${holder}] of the configuration`] : []),
    ...(isNowhere ? [`${formatIpv4(address)} is in none of the networks`] : []),
  ];
}

/** Lines of /etc/hosts (address, names) and /etc/ethers (hardware address, name or address); missing files name nobody. */
function namesOf(readText: (file: string) => string): Names {
  const hosts = new Map<string, number>();
  for (const [first = '', ...others] of wordsOf(readText, '/etc/hosts')) {
    const address = parseIpv4(first);
    if (address === undefined) continue;
    for (const name of others) if (!hosts.has(name.toLowerCase())) hosts.set(name.toLowerCase(), address);
  }
  const ethers = new Map<string, string>();
  for (const [first = '', name] of wordsOf(readText, '/etc/ethers')) {
    // ethers(5) leaves leading zeros out: 8:0:20:4:98:8d.
    const mac = parseMac(first.replaceAll(/\b[0-9a-f]\b/gi, '0$&'));
    if (mac !== undefined && name !== undefined) ethers.set(name.toLowerCase(), mac);
  }
  return {
    address: (name) => hosts.get(name.toLowerCase()),
    hardware: (name) => ethers.get(name.toLowerCase()),
  };
}

function wordsOf(readText: (file: string) => string, file: string): string[][] {
  try {
    return readText(file)
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  } catch {
    return [];
  }
}
