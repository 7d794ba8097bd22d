import type { BootDecision, BootMenu } from '../boot/settings.ts';
import {
  BROADCAST_FLAG,
  createPacket,
  type DhcpPacket,
  type EncodeLimits,
  joinsLongOptions,
  MessageType,
  Op,
  replyBudget,
  writeOption,
} from '../dhcp-packet/index.ts';
import { broadcastOf, type Ipv4, maskOf, UNSPECIFIED } from '../lib/ipv4.ts';
import { writeBootAnswer } from './boot-options.ts';
import type { Reply } from './conversation.ts';
import { dhcpDestination } from './destination.ts';
import { renewalTimes } from './lease-time.ts';
import type { PlannedNetwork } from './plan.ts';
import type { AnswerShape } from './quirks-table.ts';
import { subnetSelectionOf } from './relay.ts';
import { ownAddressFor, serverIdOf } from './select-network.ts';
import type { RawOption, Reservation } from './settings.ts';
import type { Turn } from './turn.ts';
import { usualOption } from './usual-option.ts';
import { wireText } from './wire-text.ts';

/** What an OFFER or ACK grants. */
export type Grant = {
  readonly type: typeof MessageType.OFFER | typeof MessageType.ACK;
  readonly network: PlannedNetwork;
  /** 0.0.0.0 in the ACK to an INFORM. */
  readonly ip: Ipv4;
  /** Absent in the ACK to an INFORM: it grants no lease (RFC 2131 §4.3.5). */
  readonly seconds?: number;
  readonly boot?: BootDecision;
  readonly reservation?: Reservation | undefined;
  /** The ACK to a DISCOVER (RFC 4039 §4). */
  readonly rapidCommit?: boolean;
  /** Shown instead of the file. */
  readonly menu?: BootMenu | undefined;
  /** How boot data is laid out; the usual way when absent. */
  readonly shape?: AnswerShape;
  /** Option 116, to a client that sent it and gets no address (RFC 2563 §2.3). */
  readonly mayMakeUpAddress?: boolean;
};

/** OFFER or ACK (RFC 2131 §4.3.1, Table 3). */
export function grantReply(turn: Turn, grant: Grant): Reply {
  const { packet, link } = turn.request;
  const { network } = grant;
  const reply = startReply(turn, grant.type, network);
  reply.yiaddr = grant.ip;
  if (grant.type === MessageType.ACK) reply.ciaddr = packet.ciaddr;
  if (grant.seconds !== undefined) writeLeaseTimes(reply, grant.seconds);
  writeNetworkOptions(reply, network, packet.options.get(55));
  if (grant.reservation?.hostname !== undefined) {
    writeOption(reply.options, 'host-name', wireText(grant.reservation.hostname));
  }
  const own = ownAddressFor(turn.request, turn.context.plan, network);
  writeBootAnswer(reply, {
    client: turn.client,
    mac: turn.identity.mac,
    nextServer: network.nextServer === 'auto' ? own : network.nextServer,
    ...(grant.boot?.file !== undefined && { file: grant.boot.file }),
    ...(grant.menu && { menu: { lines: grant.menu, own } }),
    ...(grant.shape && { shape: grant.shape }),
  });
  writeConfigured(reply, network, packet.options.get(55));
  writeNegotiated(reply, turn, grant);
  echo(reply, packet);
  return {
    packet: reply,
    limits: limitsFor(turn, link.mtu),
    destination: dhcpDestination(turn.request, reply, own),
    ...(grant.shape && grant.shape.delayMs > 0 && { delayMs: grant.shape.delayMs }),
  };
}

/** What both sides must know of to be sent at all: 80, 108, 116, 118. Never in an answer to who does not ask. */
function writeNegotiated(reply: DhcpPacket, { request, context }: Turn, grant: Grant): void {
  const { packet } = request;
  const { ipv6OnlySeconds } = grant.network;
  if (grant.rapidCommit) writeOption(reply.options, 'rapid-commit', true);
  if (ipv6OnlySeconds !== undefined && packet.options.get(55)?.includes(108)) {
    writeOption(reply.options, 'ipv6-only-preferred', ipv6OnlySeconds);
  }
  if (grant.mayMakeUpAddress !== undefined) {
    writeOption(reply.options, 'auto-configure', grant.mayMakeUpAddress ? 1 : 0);
  }
  const enabled = context.plan.settings.relays.subnetSelection;
  const subnet = subnetSelectionOf(packet, { enabled });
  // RFC 3011 §2: who sent it learns by the same octets that it was heard.
  if (subnet !== undefined) writeOption(reply.options, 'subnet-selection', subnet);
}

/** NAK: nothing but who says so, to whom and why (RFC 2131 §4.3.2, Table 3). */
export function nakReply(turn: Turn, message: string, network?: PlannedNetwork): Reply {
  const { packet, link } = turn.request;
  const reply = startReply(turn, MessageType.NAK, network);
  // The relay must broadcast it: the client may not have the address it thinks it has.
  if (packet.giaddr !== UNSPECIFIED) reply.flags |= BROADCAST_FLAG;
  writeOption(reply.options, 'message', message);
  echo(reply, packet);
  const own = ownAddressFor(turn.request, turn.context.plan, network);
  return {
    packet: reply,
    limits: limitsFor(turn, link.mtu),
    destination: dhcpDestination(turn.request, reply, own),
  };
}

/** The header every DHCP reply has in common, 53 and 54. hops and secs are 0, as Table 3 says. */
export function startReply(turn: Turn, type: number, network?: PlannedNetwork): DhcpPacket {
  const { packet } = turn.request;
  const reply = createPacket({
    op: Op.REPLY,
    htype: packet.htype,
    hlen: packet.hlen,
    xid: packet.xid,
    flags: packet.flags & BROADCAST_FLAG,
    giaddr: packet.giaddr,
    chaddr: packet.chaddr,
  });
  writeMessageType(reply.options, type);
  writeServerId(reply.options, serverIdOf(turn.request, turn.context.plan, network));
  return reply;
}

/** 61 (RFC 6842 §3), 97 (PXE 2.1 Table 2-5; GRUB names its files by it) and 82 (RFC 3046 §2.2), as they came. */
export function echo(reply: DhcpPacket, request: DhcpPacket): void {
  const nak = reply.options.get(53)?.[0] === MessageType.NAK;
  for (const code of nak ? [61, 82] : [61, 97, 82]) {
    const body = request.options.get(code);
    if (body !== undefined) reply.options.set(code, body);
  }
}

function writeLeaseTimes({ options }: DhcpPacket, seconds: number): void {
  writeLeaseTime(options, seconds);
  const times = renewalTimes(seconds);
  if (!times) return;
  writeRenewalTime(options, times.renewal);
  writeRebindingTime(options, times.rebinding);
}

/** Mask, router and name servers go out unasked: GRUB asks for nothing and needs them. */
export function writeNetworkOptions(reply: DhcpPacket, network: PlannedNetwork, asked?: Uint8Array): void {
  const { options } = reply;
  writeMask(options, maskOf(network.subnet.length));
  if (network.routers.length > 0) writeRouters(options, network.routers);
  if (network.dns.length > 0) writeDnsServers(options, network.dns);
  if (network.domain !== undefined) writeDomain(options, wireText(network.domain));
  if (asked?.includes(28)) writeBroadcast(options, broadcastOf(network.subnet));
}

const writeMessageType = usualOption('message-type');
const writeServerId = usualOption('server-id');
const writeLeaseTime = usualOption('lease-time');
const writeRenewalTime = usualOption('renewal-time');
const writeRebindingTime = usualOption('rebinding-time');
const writeMask = usualOption('subnet-mask');
const writeRouters = usualOption('routers');
const writeDnsServers = usualOption('dns-servers');
const writeDomain = usualOption('domain-name');
const writeBroadcast = usualOption('broadcast');

/** Protocol, not configuration: 50 to 59 but 56, 61, 82, and what is only ever said in reply: 80, 116, 118. */
const PROTECTED: ReadonlySet<number> = new Set(
  [0, 50, 51, 52, 53, 54, 55, 57, 58, 59].concat([61, 80, 82, 116, 118, 255]),
);

/** Sent although not asked for: boot clients use them without asking (209 to 211: RFC 5071 §4.5, §5.5, §6.5). */
const FORCED: ReadonlySet<number> = new Set([43, 60, 66, 67, 150, 175, 209, 210, 211]);

/**
 * Options of the configuration as they stand: what is asked for, in the order asked (RFC 2132 §9.8), each once; everything,
 * when the client gives no list.
 */
export function writeConfigured(reply: DhcpPacket, network: PlannedNetwork, asked?: Uint8Array): void {
  for (const { code, body } of inOrderOf(network.options, asked)) {
    if (PROTECTED.has(code) || body.length === 0) continue;
    if (asked === undefined || asked.includes(code) || FORCED.has(code) || reply.options.has(code)) {
      reply.options.set(code, body);
    }
  }
  // RFC 3442: who asks for classless routes would ignore the routers and static routes beside them; who did not may know
  // no others.
  if (reply.options.has(121) && asked?.includes(121)) {
    reply.options.delete(3);
    reply.options.delete(33);
  }
}

function inOrderOf(options: readonly RawOption[], asked?: Uint8Array): readonly RawOption[] {
  if (asked === undefined || options.length < 2) return options;
  const place = ({ code }: RawOption): number => {
    const at = asked.indexOf(code);
    return at < 0 ? asked.length : at;
  };
  return options.toSorted((a, b) => place(a) - place(b));
}

/** Firmware and loaders read the header as it is and the first part only: never overload, never split towards them. */
export function limitsFor({ request, client }: Turn, mtu: number): EncodeLimits {
  const { options } = request.packet;
  const system = client.kind === 'other' && client.stage === 'os';
  return {
    maxSize: replyBudget(options, mtu),
    mayOverload: system,
    maySplit: system && joinsLongOptions(options),
  };
}
