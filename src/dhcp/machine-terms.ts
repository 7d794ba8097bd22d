import type { BootMachine } from '../boot/machine.ts';
import type { Said } from '../boot/selection.ts';
import {
  clientUuidFromSmbios,
  createPacket,
  type DhcpPacket,
  MessageType,
  Op,
  relayAgentInfo,
  writeOption,
} from '../dhcp-packet/index.ts';
import { fromHex } from '../lib/bytes.ts';
import { contains, LIMITED_BROADCAST, UNSPECIFIED } from '../lib/ipv4.ts';
import { macBytes } from '../lib/mac.ts';
import type { DhcpRequest } from './conversation.ts';
import type { LeaseBook } from './lease.ts';
import type { DhcpPlan, PlannedNetwork } from './plan.ts';
import { explainRules } from './rules.ts';
import { networksOf, ownAddressFor } from './select-network.ts';
import type { Link } from './settings.ts';
import { likeliest, tagsOf, termsFor } from './terms.ts';
import { openTurn, type Turn } from './turn.ts';

/** What the answer for a machine depends on. */
export type MachineView = {
  readonly plan: DhcpPlan;
  /** Those the plan was made for; at least one. */
  readonly links: readonly Link[];
};

/**
 * What hosts, rules and networks say of a machine that has its address and asks no more by DHCP: the same that they would
 * say to its firmware, for they are asked about a message as that would send it. Which loader asks makes no difference:
 * what boots it was chosen when the machine was switched on.
 */
export function saidOf(machine: BootMachine, { plan, links }: MachineView): Said {
  const request = requestOf(machine, { plan, links });
  const turn = openTurn(request, { now: 0, plan, leases: NO_LEASES });
  const network = networkFor(turn, machine);
  if (!network) {
    const { profile } = plan.settings;
    return {
      ...(profile !== undefined && { profile, from: 'default' }),
      tags: machine.tags,
      nextServer: ownAddressFor(request, plan),
      trace: ['its address is of none of the networks'],
    };
  }
  const terms = termsFor(turn, network);
  const { nextServer } = terms.network;
  const hostname = terms.reservation?.hostname;
  return {
    ...(hostname !== undefined && { hostname }),
    ...(terms.profile && { profile: terms.profile.name, from: terms.profile.from }),
    tags: namedTags([...tagsOf(turn, network), ...terms.tags, ...machine.tags]),
    nextServer: nextServer === 'auto' ? ownAddressFor(request, plan, terms.network) : nextServer,
    trace: terms.rules ? explainRules(plan.rules, terms.rules) : [],
  };
}

/** Each once, without those that nobody gave. */
function namedTags(tags: readonly string[]): readonly string[] {
  return [...new Set(tags)].filter((tag) => tag !== 'known' && tag !== 'unknown' && tag !== 'bootp');
}

/** The network that its address lies in; where another server gave that, the one a new machine would be of. */
function networkFor(turn: Turn, { ip }: BootMachine): PlannedNetwork | undefined {
  const { request, context } = turn;
  const { plan } = context;
  return plan.places.at(ip)[0] ?? likeliest(turn, networksOf(request, plan));
}

/** A machine as the firmware of it would ask, of what is known. */
function requestOf(machine: BootMachine, view: MachineView): DhcpRequest {
  return {
    packet: packetOf(machine),
    warnings: [],
    sizeBytes: 300,
    source: { ip: machine.ip, port: 68 },
    destination: LIMITED_BROADCAST,
    port: 67,
    link: linkOf(machine, view),
  };
}

/** The interface it asked on, or that leads to its network; behind a relay any of ours. */
function linkOf({ ip, interface: name }: BootMachine, { plan, links }: MachineView): Link {
  const network = plan.places.at(ip)[0];
  return (
    links.find((link) => link.name === name) ??
    links.find((link) => link.addresses.some(({ ip: own }) => network && contains(network.subnet, own))) ??
    links.find((link) => network?.interface === link.name) ??
    links[0]!
  );
}

function packetOf(machine: BootMachine): DhcpPacket {
  const { uuid, arch, hostname, relay, clientId } = machine;
  const chaddr = macBytes(machine.mac);
  const packet = createPacket({
    op: Op.REQUEST,
    chaddr,
    hlen: chaddr.length,
    giaddr: relay?.via ?? UNSPECIFIED,
    options: new Map(),
  });
  const { options } = packet;
  writeOption(options, 'message-type', MessageType.DISCOVER);
  writeOption(options, 'vendor-class-id', vendorClassOf(machine));
  if (arch) writeOption(options, 'client-arch', [arch.code]);
  if (uuid) writeOption(options, 'client-uuid', clientUuidFromSmbios(uuid.smbios));
  if (hostname !== undefined && hostname !== '') options.set(12, latin1Of(hostname));
  if (clientId !== undefined) options.set(61, fromHex(clientId));
  const { circuitId, remoteId } = relay ?? {};
  if (circuitId !== undefined || remoteId !== undefined) {
    const info = relayAgentInfo({
      ...(circuitId !== undefined && { circuitId: fromHex(circuitId) }),
      ...(remoteId !== undefined && { remoteId: fromHex(remoteId) }),
    });
    writeOption(options, 'relay-agent-info', info);
  }
  return packet;
}

/** Option 60 of its firmware (PXE 2.1 §2.2.2; RFC 5970's HTTPClient). */
function vendorClassOf({ kind, arch }: BootMachine): string {
  if (kind === 'u-boot' || arch?.firmware === 'u-boot') return 'U-Boot';
  const client = kind === 'http' || arch?.http ? 'HTTPClient' : 'PXEClient';
  return arch ? `${client}:Arch:${String(arch.code).padStart(5, '0')}` : client;
}

/** Octets of a name; what is no octet could be of no option either. */
function latin1Of(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => Math.min(letter.codePointAt(0) ?? 0, 0xff));
}

/** Nothing is remembered here: what is known of the machine was given. */
const NO_LEASES: LeaseBook = {
  byIp: () => undefined,
  byClient: () => undefined,
  machine: () => undefined,
  all: () => [],
};
