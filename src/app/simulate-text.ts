import type { Destination } from '../dhcp/conversation.ts';
import { messageTypeName } from '../dhcp-packet/index.ts';
import { describe } from '../events/describe.ts';
import { toHex } from '../lib/bytes.ts';
import { harmless } from '../lib/harmless.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { formatBytes } from '../lib/size.ts';
import { describeHeader, describeOptions } from './describe-packet.ts';
import type { Lookup, Lookups } from './simulated-lookups.ts';
import type { Exchange, SimulatedReply } from './simulation.ts';

/** What a simulation came to. */
export type Simulated = {
  readonly where: string;
  readonly exchanges: readonly Exchange[];
  readonly lookups?: Lookups | undefined;
  /** What was assumed. */
  readonly notes: readonly string[];
};

/** For people, from the first request to the configuration that wins. */
export function simulatedText({ where, exchanges, lookups, notes }: Simulated): string {
  const decided = exchanges.findLast(({ boot }) => boot);
  const ruled = exchanges.findLast(({ rules }) => rules.length > 0);
  return [
    `On ${where}`,
    ...notes.map((note) => `  (${note})`),
    ...exchanges.flatMap(exchangeLines),
    ...section('Rules', ruled?.rules ?? []),
    ...section('Boot file', decided?.boot?.trace ?? []),
    ...(lookups ? lookupLines(lookups) : []),
    '',
  ]
    .map(harmless)
    .join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function exchangeLines({ request, requestBytes, reply, events, probed }: Exchange): string[] {
  const asked = `${messageTypeName(request)}, ${requestBytes.length} octets`;
  const probes = probed.map((ip) => `  ${formatIpv4(ip)} is probed first, and taken to be free`);
  const log = events.map((event) => `  ${describe(event)}`);
  return ['', asked, ...probes, ...log, ...(reply ? replyLines(reply) : ['  no answer'])];
}

function replyLines({ packet, bytes, destination, delayMs, dropped }: SimulatedReply): string[] {
  const header = Object.entries(describeHeader(packet)).filter(([field]) => field !== 'type');
  return [
    '',
    `${messageTypeName(packet)}, ${bytes.length} octets, ${whereTo(destination)}${delayMs > 0 ? `, after ${delayMs} ms` : ''}`,
    ...header.map(([field, value]) => `  ${field.padEnd(26)} ${value}`),
    ...describeOptions(packet).map(
      ({ code, name, value }) => `  ${String(code).padStart(3)} ${name.padEnd(22)} ${value}`,
    ),
    ...dropped.map(({ code, reason }) => `  ${String(code).padStart(3)} does not fit (${reason})`),
    ...hexLines(bytes).map((line) => `  ${line}`),
  ];
}

/** `broadcast to 255.255.255.255 port 68, from 192.168.77.1`. */
export function whereTo(destination: Destination): string {
  const { kind, port, from } = destination;
  const to =
    kind === 'broadcast'
      ? 'broadcast'
      : kind === 'unicast'
        ? `to ${formatIpv4(destination.ip)}`
        : `to ${formatIpv4(destination.ip)} at ${destination.mac}`;
  return `${to} port ${port}, from ${formatIpv4(from)}`;
}

const PER_LINE = 32;

/** As hexdump(1) has them. */
function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    lines.push(`${at.toString(16).padStart(4, '0')}  ${toHex(bytes.subarray(at, at + PER_LINE), ' ')}`);
  }
  return lines;
}

const LOADERS = { pxelinux: 'PXELINUX', grub: 'GRUB', 'u-boot': 'U-Boot', ipxe: 'iPXE', script: 'iPXE' };

function lookupLines({ bootFile, loader, names, notes }: Lookups): string[] {
  const program = ['', 'It boots', `  ${lookupLine(bootFile)}`];
  // A script is its own configuration.
  if (loader === 'script') return program;
  const last = names.at(-1);
  const none = last && last.found === 'nothing' ? ['  none of these is there'] : [];
  const asks = names.length > 0 ? ['', `${loader ? LOADERS[loader] : 'It'} asks for`] : [''];
  return [
    ...program,
    ...asks,
    ...names.map((name) => `  ${lookupLine(name)}`),
    ...none,
    ...notes.map((note) => `  (${note})`),
  ];
}

function lookupLine(lookup: Lookup): string {
  const { name } = lookup;
  switch (lookup.found) {
    case 'file': {
      const size = lookup.sizeBytes === undefined ? '' : ` (${formatBytes(lookup.sizeBytes)})`;
      return `${name}: a file of the tree${size}`;
    }
    case 'rendered':
      return `${name}: made from profile ${lookup.profile} (${lookup.reason})`;
    case 'nothing':
      return `${name}: not there`;
    case 'not-served-here':
      return `${name}: of another server`;
  }
}
