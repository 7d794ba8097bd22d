import {
  createPacket,
  type DhcpPacket,
  type EncodeLimits,
  encodeReport,
  Op,
  replyBudget,
  writeOption,
} from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { cmuVendorArea, speaksCmu } from './cmu-vendor.ts';
import type { Reply } from './conversation.ts';
import { bootpDestination } from './destination.ts';
import type { PlannedNetwork } from './plan.ts';
import { writeConfigured, writeNetworkOptions } from './reply.ts';
import { ownAddressFor } from './select-network.ts';
import type { Reservation } from './settings.ts';
import type { Turn } from './turn.ts';
import { wireText } from './wire-text.ts';

/** RFC 951: 300 octets, of which 64 are the vendor area. */
const BOOTP_SIZE = 300;

/**
 * What to keep of the tags when the vendor area is too small (RFC 1534 §2), the most needed first: the way back, where the
 * network ends and goes on, names, the root, where more tags are.
 */
const KEEP_FIRST: readonly number[] = [82, 1, 3, 6, 12, 15, 17, 18, 13, 2, 4, 5, 7, 8, 9, 10, 11, 14, 16];

/** Octets of one block of option 13 (RFC 2132 §3.15). */
const BLOCK = 512;

type BootpGrant = {
  readonly network: PlannedNetwork;
  readonly yiaddr: Ipv4;
  readonly reservation: Reservation | undefined;
  readonly boot: { readonly file?: string };
};

/**
 * BOOTREPLY (RFC 951 §7.3: "the request packet, modified"): htype, hlen, hops, xid, secs, flags, ciaddr, giaddr and
 * chaddr as they came. The vendor area speaks the client's language unless its entry names another: tags after an RFC 1497
 * cookie, CMU's structure after CMU's, else nothing.
 */
export function bootpReply(turn: Turn, grant: BootpGrant): Reply {
  const { request, context } = turn;
  const { packet } = request;
  const own = ownAddressFor(request, context.plan, grant.network);
  const nextServer = grant.network.nextServer === 'auto' ? own : grant.network.nextServer;
  const file = wireText(grant.boot.file ?? '');
  const { vendBytes: _, ...header } = packet;
  const reply = createPacket({
    ...header,
    op: Op.REPLY,
    yiaddr: grant.yiaddr,
    siaddr: nextServer,
    sname: wireText(context.plan.settings.bootp.serverName).slice(0, 63),
    file: file.length <= 127 ? file : '',
    vend: 'none',
    options: new Map(),
  });
  const limits = limitsOf(turn, grant.reservation);
  writeVendorArea(reply, turn, { ...grant, limits });
  return {
    packet: reply,
    limits,
    destination: bootpDestination(request, reply, { from: own, replyTo: grant.reservation?.bootp?.replyTo }),
  };
}

function writeVendorArea(
  reply: DhcpPacket,
  turn: Turn,
  grant: BootpGrant & { readonly limits: EncodeLimits },
): void {
  const { packet } = turn.request;
  const vendor = grant.reservation?.bootp?.vendor ?? (speaksCmu(packet) ? 'cmu' : packet.vend);
  if (vendor === 'none' || vendor === 'unknown') return;
  reply.vend = 'options';
  writeTags(reply, turn, grant);
  if (vendor !== 'cmu') {
    fitHostName(reply, grant.limits);
    return;
  }
  reply.vendBytes = cmuVendorArea(reply.options);
  reply.vend = 'unknown';
  reply.options = new Map();
}

/** Tags of RFC 1497 and RFC 2132, none of DHCP's own: no 51, 53, 54, 58, 59 (RFC 1534 §2). */
function writeTags(reply: DhcpPacket, turn: Turn, { network, reservation, boot }: BootpGrant): void {
  writeNetworkOptions(reply, network);
  if (reservation?.hostname !== undefined) {
    writeOption(reply.options, 'host-name', wireText(reservation.hostname));
  }
  writeConfigured(reply, network);
  if (reservation?.bootp?.measured && boot.file !== undefined) {
    const size = turn.context.exists?.sizeOf?.(boot.file.replace(/^\/+/, ''));
    const blocks = size === undefined ? undefined : Math.ceil(size / BLOCK);
    if (blocks !== undefined && blocks <= 0xffff) writeOption(reply.options, 'boot-file-size', blocks);
  }
  const relay = turn.request.packet.options.get(82);
  if (relay !== undefined) reply.options.set(82, relay);
}

/** A host name is sent in full, or without its domain where only that fits, never cut anywhere else (bootptab(5), `hn`). */
function fitHostName(reply: DhcpPacket, limits: EncodeLimits): void {
  const body = reply.options.get(12);
  const dot = body?.indexOf(0x2e) ?? -1;
  if (body === undefined || dot < 1) return;
  const { dropped } = encodeReport(reply, limits);
  if (dropped.some(({ code }) => code === 12)) reply.options.set(12, body.slice(0, dot));
}

/**
 * As long as its entry says; else as long as the request, at least 300 octets, at most what its option 57 allows, if it has
 * one (RFC 1534 §2).
 */
function limitsOf({ request }: Turn, reservation: Reservation | undefined): EncodeLimits {
  const { packet, link, sizeBytes } = request;
  const fits = Math.max(BOOTP_SIZE, link.mtu - 28);
  const wanted = reservation?.bootp?.replySize ?? sizeBytes;
  const size = Math.min(Math.max(BOOTP_SIZE, wanted), fits);
  const allowed = packet.options.has(57) ? Math.min(replyBudget(packet.options, link.mtu), fits) : size;
  return { minSize: size, maxSize: Math.max(size, allowed), keep: KEEP_FIRST };
}
