import {
  createPacket,
  type DhcpPacket,
  type EncodeLimits,
  Op,
  replyBudget,
  writeOption,
} from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { expand, wireText } from './boot-options.ts';
import type { Reply } from './conversation.ts';
import { bootpDestination } from './destination.ts';
import type { PlannedNetwork } from './plan.ts';
import { writeConfigured, writeNetworkOptions } from './reply.ts';
import { ownAddressFor } from './select-network.ts';
import type { Reservation } from './settings.ts';
import type { Turn } from './turn.ts';

/** RFC 951: 300 octets, of which 64 are the vendor area. */
const BOOTP_SIZE = 300;

/**
 * BOOTREPLY (RFC 951 §7.3: "the request packet, modified"): htype, hlen, hops, xid, secs, flags, ciaddr, giaddr and
 * chaddr as they came. The vendor area speaks the client's language: tags after an RFC 1497 cookie, else nothing.
 */
export function bootpReply(
  turn: Turn,
  grant: {
    readonly network: PlannedNetwork;
    readonly yiaddr: Ipv4;
    readonly reservation: Reservation | undefined;
    readonly boot: { readonly file?: string };
  },
): Reply {
  const { request, context } = turn;
  const { packet } = request;
  const own = ownAddressFor(request, context.plan, grant.network);
  const nextServer = grant.network.nextServer === 'auto' ? own : grant.network.nextServer;
  const file = wireText(
    expand(grant.boot.file ?? '', { client: turn.client, mac: turn.identity.mac, nextServer }),
  );
  const reply = createPacket({
    ...packet,
    op: Op.REPLY,
    yiaddr: grant.yiaddr,
    siaddr: nextServer,
    sname: wireText(context.plan.settings.bootp.serverName).slice(0, 63),
    file: file.length <= 127 ? file : '',
    vend: packet.vend === 'options' ? 'options' : 'none',
    options: new Map(),
  });
  if (reply.vend === 'options') writeVendorArea(reply, turn, grant);
  return {
    packet: reply,
    limits: limitsOf(turn),
    destination: bootpDestination(request, reply, own),
  };
}

/** Tags of RFC 1497 and RFC 2132, none of DHCP's own: no 51, 53, 54, 58, 59 (RFC 1534 §2). */
function writeVendorArea(
  reply: DhcpPacket,
  { request }: Turn,
  { network, reservation }: { network: PlannedNetwork; reservation: Reservation | undefined },
): void {
  writeNetworkOptions(reply, network);
  if (reservation?.hostname !== undefined) {
    writeOption(reply.options, 'host-name', wireText(reservation.hostname));
  }
  writeConfigured(reply, network);
  const relay = request.packet.options.get(82);
  if (relay !== undefined) reply.options.set(82, relay);
}

/** As long as the request, at least 300 octets, at most what its option 57 allows, if it has one (RFC 1534 §2). */
function limitsOf({ request }: Turn): EncodeLimits {
  const { packet, link, sizeBytes } = request;
  const fits = Math.max(BOOTP_SIZE, link.mtu - 28);
  const size = Math.min(Math.max(BOOTP_SIZE, sizeBytes), fits);
  const allowed = packet.options.has(57) ? Math.min(replyBudget(packet.options, link.mtu), fits) : size;
  return { minSize: size, maxSize: Math.max(size, allowed) };
}
