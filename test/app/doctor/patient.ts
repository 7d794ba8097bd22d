import type { Finding } from '../../../src/app/doctor/finding.ts';
import type { Look, Ran } from '../../../src/app/doctor/look.ts';
import type { Patient } from '../../../src/app/doctor/patient.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import type { InterfaceFacts } from '../../../src/net/datagram.ts';

/** An interface that nothing is wrong with. */
export function linkOf(
  name = 'eth0',
  more: Partial<InterfaceFacts> & { readonly cidr?: string } = {},
): InterfaceFacts {
  const { cidr = '10.0.0.1/24', ...facts } = more;
  const [address = '', length] = cidr.split('/');
  const addresses = cidr === '' ? [] : [{ address: parseIpv4(address)!, prefixLength: Number(length) }];
  return {
    ...{
      name,
      index: 2,
      mac: '52:54:00:00:00:01',
      mtu: 1500,
      up: true,
      running: true,
      loopback: false,
      addresses,
    },
    ...facts,
  };
}

/** A setup by lines of a configuration. */
export function patientOf(lines = '', more: Partial<Omit<Patient, 'config'>> = {}): Patient {
  const loaded = loadConfig(`version: 1\n${lines}`, { file: 'test', archNames: [] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { config: loaded.value, interfaces: ['eth0'], links: [linkOf()], ...more };
}

type System = {
  /** Contents by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Names by folder. */
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  /** What programs say, by their name or by the whole command. */
  readonly programs?: Readonly<Record<string, string | Ran>>;
};

/** A system on which nothing is to be seen but what is given. */
export function lookOf({
  files = {},
  folders = {},
  programs = {},
  ...more
}: System & Partial<Look> = {}): Look {
  return {
    text: (path) => files[path],
    names: (path) => folders[path] ?? [],
    linkOf: () => undefined,
    run: async (program, args) => {
      const told = programs[[program, ...args].join(' ')] ?? programs[program];
      return typeof told === 'string' ? { status: 0, out: told, err: '' } : told;
    },
    space: () => undefined,
    interfaces: [],
    uid: 0,
    capabilities: ['CAP_NET_RAW', 'CAP_NET_BIND_SERVICE', 'CAP_SETUID'],
    portOwner: () => undefined,
    tcpPortOwner: () => undefined,
    now: Date.UTC(2026, 10, 20, 12),
    ...more,
  };
}

/** `severity code` of each. */
export function briefly(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, code }) => `${severity} ${code}`);
}
