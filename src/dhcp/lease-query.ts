import {
  createPacket,
  type DhcpPacket,
  MessageType,
  Op,
  type Options,
  replyBudget,
  writeOption,
} from '../dhcp-packet/index.ts';
import { fromHex, toHex } from '../lib/bytes.ts';
import { formatIpv4, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { formatMac, macBytes } from '../lib/mac.ts';
import type { Decision } from './conversation.ts';
import { dhcpDestination } from './destination.ts';
import { clientKey } from './identity.ts';
import { isLive, type Lease } from './lease.ts';
import { INFINITE, renewalTimes } from './lease-time.ts';
import { networkAt, ownAddressFor, serverIdOf } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPLEASEQUERY (RFC 4388): an access concentrator that lost its tables asks who has which address. Off unless its giaddr is
 * listed: the answer goes to giaddr alone (§6.4), so that whoever forges a question learns nothing.
 *
 * | asked by | when | answered |
 * |---|---|---|
 * | address | ciaddr is set | ACTIVE; UNASSIGNED when it is of a network of ours; else UNKNOWN |
 * | MAC | chaddr is set | ACTIVE for its newest lease, all others in option 92; else UNKNOWN |
 * | client id | option 61 is there | likewise |
 *
 * Leases are looked through one by one for a client id, and for a MAC where a network knows its clients by their ids: who
 * may ask is trusted.
 */
export function handleLeaseQuery(turn: Turn): Decision {
  const { request, context } = turn;
  const { packet } = request;
  if (packet.giaddr === UNSPECIFIED || !context.plan.settings.leaseQuery.includes(packet.giaddr)) {
    return ignore(turn, 'query-not-allowed');
  }
  const question = questionOf(packet);
  if (question === undefined) return ignore(turn, 'query-without-key');
  const leases = activeLeases(turn, question);
  const [newest] = leases;
  if (newest) return answer(turn, question, { lease: newest, all: leases });
  const managed = question.by === 'address' && networkAt(context.plan.networks, question.ip) !== undefined;
  return answer(turn, question, managed ? 'unassigned' : 'unknown');
}

type Question =
  | { readonly by: 'address'; readonly ip: Ipv4 }
  | { readonly by: 'mac'; readonly mac: string; readonly htype: number }
  | { readonly by: 'client-id'; readonly clientId: string };

/** The first key that is there: two of them contradict §6.2, and the address says most. */
function questionOf(packet: DhcpPacket): Question | undefined {
  if (packet.ciaddr !== UNSPECIFIED) return { by: 'address', ip: packet.ciaddr };
  const mac = formatMac(packet.chaddr.subarray(0, packet.hlen));
  if (packet.htype !== 0 && /[1-9a-f]/.test(mac)) return { by: 'mac', mac, htype: packet.htype };
  const id = packet.options.get(61);
  return id === undefined ? undefined : { by: 'client-id', clientId: toHex(id) };
}

/** Bound and not over, the one heard of last first (§6.4.2: ciaddr is that of the most recent transaction). */
function activeLeases({ context }: Turn, question: Question): readonly Lease[] {
  const { leases, now } = context;
  const isActive = (lease: Lease | undefined): lease is Lease =>
    isLive(lease, now) && lease.state === 'bound';
  if (question.by === 'address') return [leases.byIp(question.ip)].filter(isActive);
  const found: Lease[] = [];
  for (const lease of candidates(context, question))
    if (isActive(lease) && isOf(lease, question)) found.push(lease);
  return found.sort((a, b) => b.since - a.since);
}

/** All leases of the client are among these. */
function* candidates({ plan, leases }: Turn['context'], question: Question): Iterable<Lease> {
  const { networks } = plan;
  if (question.by !== 'mac' || networks.some(({ matchClientId }) => matchClientId)) {
    yield* leases.all();
    return;
  }
  for (const network of networks) {
    const lease = leases.byClient(clientKey(network, question));
    if (lease) yield lease;
  }
}

function isOf(lease: Lease, question: Question): boolean {
  if (question.by === 'mac') return lease.mac === question.mac;
  return question.by === 'client-id' && lease.clientId === question.clientId;
}

type Found = { readonly lease: Lease; readonly all: readonly Lease[] };

function answer(turn: Turn, question: Question, found: Found | 'unassigned' | 'unknown'): Decision {
  const { request, context } = turn;
  const { packet, link } = request;
  const type =
    found === 'unassigned'
      ? MessageType.LEASEUNASSIGNED
      : found === 'unknown'
        ? MessageType.LEASEUNKNOWN
        : MessageType.LEASEACTIVE;
  const reply = createPacket({ op: Op.REPLY, xid: packet.xid, giaddr: packet.giaddr });
  Object.assign(reply, { htype: packet.htype, hlen: packet.hlen, ciaddr: packet.ciaddr });
  reply.chaddr.set(packet.chaddr);
  writeOption(reply.options, 'message-type', type);
  writeOption(reply.options, 'server-id', serverIdOf(request, context.plan));
  if (typeof found === 'object')
    writeLease(reply, found, { asked: packet.options.get(55), now: context.now });
  return {
    mutations: [],
    events: [
      {
        type: 'dhcp.lease-query',
        via: packet.giaddr,
        about: inWords(question),
        answer: typeof found === 'object' ? 'active' : found,
      },
    ],
    reply: {
      packet: reply,
      limits: { maxSize: replyBudget(packet.options, link.mtu) },
      // A relay may have us called by an address of its own (RFC 5107); ours is what we can send from.
      destination: dhcpDestination(request, reply, ownAddressFor(request, context.plan)),
    },
  };
}

function inWords(question: Question): string {
  if (question.by === 'address') return formatIpv4(question.ip);
  return question.by === 'mac' ? question.mac : `client id ${question.clientId}`;
}

/** Who has it, and of what is asked for (option 55) what we keep. Nothing else of a client leaves (§6.4.2). */
function writeLease(
  reply: DhcpPacket,
  { lease, all }: Found,
  { asked, now }: { readonly asked: Uint8Array | undefined; readonly now: number },
): void {
  const octets = lease.mac === '' ? new Uint8Array() : macBytes(lease.mac);
  Object.assign(reply, {
    ciaddr: lease.ip,
    hlen: octets.length,
    htype: octets.length === 0 ? 0 : reply.htype || 1,
  });
  reply.chaddr.fill(0).set(octets);
  const { options } = reply;
  const wants = (code: number): boolean => asked?.includes(code) === true;
  writeTimes(options, lease, { wants, now });
  if (wants(61) && lease.clientId !== undefined) options.set(61, fromHex(lease.clientId));
  if (wants(82) && lease.relayInfo !== undefined) options.set(82, fromHex(lease.relayInfo));
  if (wants(91)) {
    const seconds = Math.max(0, Math.floor((now - lease.since) / 1000));
    writeOption(options, 'client-last-transaction-time', seconds);
  }
  // §6.4.2: always when there are several, asked for or not. More than 63 do not fit one option.
  if (all.length > 1)
    writeOption(
      options,
      'associated-ip',
      all.slice(0, MOST_ADDRESSES).map(({ ip }) => ip),
    );
}

const MOST_ADDRESSES = 63;

/** What is left of the lease; T1 and T2 while they are still to come. */
function writeTimes(
  options: Options,
  { expiresAt, since }: Lease,
  { wants, now }: { readonly wants: (code: number) => boolean; readonly now: number },
): void {
  const seconds = expiresAt === Number.POSITIVE_INFINITY ? INFINITE : Math.floor((expiresAt - now) / 1000);
  if (wants(51)) writeOption(options, 'lease-time', seconds);
  const elapsed = Math.floor((now - since) / 1000);
  const times = seconds === INFINITE ? undefined : renewalTimes(seconds + elapsed);
  if (!times) return;
  if (wants(58) && times.renewal > elapsed) writeOption(options, 'renewal-time', times.renewal - elapsed);
  if (wants(59) && times.rebinding > elapsed)
    writeOption(options, 'rebinding-time', times.rebinding - elapsed);
}
