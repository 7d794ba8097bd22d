import { archOf } from '../boot/arch-table.ts';
import type { BootClient } from '../boot/client.ts';
import { decideBoot } from '../boot/policy.ts';
import type { FileExists } from '../boot/settings.ts';
import type { Config } from '../config/schema.ts';
import type { DhcpSettings, Network, PoolRange } from '../dhcp/settings.ts';
import type { BootEvent } from '../events/event.ts';
import { formatDuration } from '../lib/duration.ts';
import { broadcastOf, formatIpv4, formatSubnet } from '../lib/ipv4.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import type { BoundTcp } from '../net/tcp.ts';
import type { ControlPorts } from './control-ports.ts';
import type { RunAs } from './run-as.ts';
import type { Setup } from './setup.ts';
import type { Sockets } from './sockets.ts';

/** What the banner is made from. */
export type Started = {
  readonly setup: Setup;
  readonly version: string;
  /** None: all interfaces. */
  readonly links: readonly InterfaceFacts[];
  readonly dhcp?: DhcpSettings;
  readonly exists?: FileExists;
  readonly runAs?: RunAs;
  /** What is said of the leases; absent where none are given. */
  readonly leases?: string;
  /** One entry for each worker that serves files. */
  readonly tftp?: Sockets['tftp'];
  /** One for each interface; none when HTTP is off. */
  readonly http?: readonly BoundTcp[];
  /** Where pxectl and browsers come to; absent where control is off. */
  readonly control?: Pick<ControlPorts, 'socket' | 'listening'>;
  /** Which sockets carry it: `linux` or `dgram`. */
  readonly backend: string;
};

/** The start banner: interface, addresses, mode, root, boot files and where they came from. */
export function bannerOf(started: Started): BootEvent {
  const { setup, links, runAs } = started;
  const facts: Record<string, string> = {};
  facts.interface = links.map(describeLink).join('; ') || 'all of them';
  if (started.dhcp) describeAddressing(facts, started.dhcp, setup.config.mode);
  if (started.leases !== undefined) facts.leases = started.leases;
  const { tftp } = setup.config;
  if (tftp.enabled) facts.TFTP = describeTftp(tftp, started.tftp ?? []);
  const [web] = started.http ?? [];
  if (web) facts.HTTP = `${tftp.enabled ? 'the same files' : tftp.root}, port ${web.port}`;
  const profiles = describeProfiles(setup.config);
  if (profiles !== undefined) facts.profiles = profiles;
  if (started.dhcp) Object.assign(facts, bootFacts(started.dhcp, started.exists));
  const control = [started.control?.socket ?? [], started.control?.listening ?? []].flat();
  if (control.length > 0) facts.control = control.join(', ');
  if (runAs) facts['runs as'] = `${runAs.user}:${runAs.group}`;
  if (started.backend !== 'linux')
    facts.sockets = 'plain node:dgram; slower, and no unicast to hosts without an address';
  return { type: 'service.started', title: `${setup.tool} ${started.version}`, facts };
}

const WRITES = {
  off: 'read only',
  create: 'new files may be uploaded',
  overwrite: 'files may be uploaded and replaced',
};

function describeTftp(
  { root, port, writes, rfc1350 }: Config['tftp'],
  crew: NonNullable<Sockets['tftp']>,
): string {
  const parts = [root, `port ${port}`, WRITES[writes]];
  if (rfc1350) parts.push('plain RFC 1350');
  if (crew.length > 1) parts.push(`${crew.length} workers`);
  if (!crew.flat().some(({ listen }) => listen.ipv6)) parts.push('IPv4 only');
  return parts.join(', ');
}

const MOST_PROFILES = 4;

function describeProfiles({ profiles, profile }: Config): string | undefined {
  const names = Object.keys(profiles);
  if (names.length === 0 && profile === undefined) return undefined;
  const more = names.length > MOST_PROFILES ? ` and ${names.length - MOST_PROFILES} more` : '';
  const shown = names.slice(0, MOST_PROFILES).join(', ') || 'none of our own';
  return `${shown}${more} (${profile === undefined ? 'no default' : `default: ${profile}`})`;
}

function describeLink({ name, addresses, mtu, running }: InterfaceFacts): string {
  const shown = addresses
    .map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`)
    .join(', ');
  return `${name} (${shown || 'IPv6 only'}), MTU ${mtu}${running ? '' : ', no carrier yet'}`;
}

function describeAddressing(
  facts: Record<string, string>,
  settings: DhcpSettings,
  mode: Config['mode'],
): void {
  const { bootp } = settings;
  if (mode === 'proxy') facts.DHCP = 'proxy: another server gives the addresses, pxed the boot files';
  else if (settings.dhcp) {
    const whom = settings.answerAll ? 'every client' : 'machines that boot over the network';
    const unless = mode === 'auto' ? ', unless another server answers' : '';
    facts.DHCP = `full server for ${whom}${unless}: ${listed(settings.networks.map(describeNetwork))}`;
  }
  // Where another server gives the addresses, its BOOTP clients are its own.
  if (!bootp.enabled || mode === 'proxy') return;
  const range = bootp.ranges === 'network' ? 'from the DHCP range' : bootp.ranges.map(formatRange).join(', ');
  facts.BOOTP = range ? `unknown clients ${range}` : 'reservations only';
}

/** The first of many: a banner is read by people. */
function listed(all: readonly string[], most = 4): string {
  const rest = all.length > most ? [`and ${all.length - most} networks more`] : [];
  return [...all.slice(0, most), ...rest].join('; ');
}

function describeNetwork(network: Network): string {
  const all = network.ranges.some(
    ({ first, last }) => last - first >= broadcastOf(network.subnet) - network.subnet.network,
  );
  const ranges = all ? 'all of it' : network.ranges.map(formatRange).join(', ') || 'reservations only';
  const whom = network.denyUnknown ? ' for machines in hosts' : '';
  return `${formatSubnet(network.subnet)} (${ranges}${whom}), leases of ${formatDuration(network.leaseSeconds)}`;
}

function formatRange({ first, last, allow, deny }: PoolRange): string {
  const whom = [
    ...(allow ? [`for ${allow.join(', ')}`] : []),
    ...(deny ? [`not for ${deny.join(', ')}`] : []),
  ];
  const range = first === last ? formatIpv4(first) : `${formatIpv4(first)}-${formatIpv4(last)}`;
  return [range, ...whom].join(' ');
}

/** Clients worth a line: the firmware people have. */
const SHOWN: readonly [label: string, client: BootClient][] = [
  ['BIOS', firmware('pxe', 0)],
  ['UEFI x64', firmware('pxe', 7)],
  ['UEFI ia32', firmware('pxe', 6)],
  ['UEFI arm', firmware('pxe', 11)],
  ['iPXE', { ...firmware('ipxe', 0), stage: 'ipxe' }],
];

function firmware(kind: BootClient['kind'], code: number): BootClient {
  return { kind, stage: 'rom', netboot: true, archs: [archOf(code)] };
}

/** Firmware without a file is named in one line: a lab without UEFI machines need not read about each of them. */
function bootFacts({ boot, profile }: DhcpSettings, exists: FileExists | undefined): Record<string, string> {
  const facts: Record<string, string> = {};
  const none: string[] = [];
  for (const [label, client] of SHOWN) {
    const { file, reason } = decideBoot(client, {
      settings: boot,
      ...(exists && { exists }),
      ...(profile !== undefined && { profile }),
    });
    if (file === undefined) none.push(label);
    else facts[label] = `${file} (${reason})`;
  }
  if (none.length > 0) facts['no loader'] = `for ${none.join(', ')}`;
  return facts;
}
