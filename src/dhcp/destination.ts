import type { DhcpPacket } from '../dhcp-packet/index.ts';
import { MessageType, messageType, readOption, wantsBroadcast } from '../dhcp-packet/index.ts';
import { type Ipv4, LIMITED_BROADCAST, UNSPECIFIED } from '../lib/ipv4.ts';
import { formatMac } from '../lib/mac.ts';
import type { Destination, DhcpRequest } from './conversation.ts';

const SERVER_PORT = 67;
const CLIENT_PORT = 68;

/**
 * Where a DHCP reply goes, first match wins (RFC 2131 §4.1):
 *
 * | the request or reply has | to |
 * |---|---|
 * | come to port 4011 | the sender's address and port (PXE 2.1 §2.4.5) |
 * | giaddr | the relay, port 67, or its own port when it asks (RFC 8357 §5.1) |
 * | reply NAK | broadcast |
 * | ciaddr | ciaddr, port 68; the sender's port when ciaddr is the sender |
 * | the broadcast flag, or hardware that is not Ethernet-like (RFC 4390 §2.2) | broadcast |
 * | none of these | yiaddr at chaddr, without ARP |
 */
export function dhcpDestination(request: DhcpRequest, reply: DhcpPacket, from: Ipv4): Destination {
  const { packet, source } = request;
  if (request.port === 4011) {
    const ip = source.ip === UNSPECIFIED ? packet.ciaddr : source.ip;
    return { kind: 'unicast', ip, port: source.port, from };
  }
  if (packet.giaddr !== UNSPECIFIED) {
    const ownPort = readOption(packet.options, 'relay-agent-info')?.values.sourcePort !== undefined;
    return { kind: 'unicast', ip: packet.giaddr, port: ownPort ? source.port : SERVER_PORT, from };
  }
  if (messageType(reply) === MessageType.NAK) return { kind: 'broadcast', port: CLIENT_PORT, from };
  if (packet.ciaddr !== UNSPECIFIED) {
    const port = source.ip === packet.ciaddr && source.port !== 0 ? source.port : CLIENT_PORT;
    return { kind: 'unicast', ip: packet.ciaddr, port, from };
  }
  return unconfigured(packet, reply, from);
}

/**
 * Where a BOOTP reply goes (RFC 1542 §5.4): ciaddr is looked at before giaddr. `replyTo` stands for what would go to the
 * client's hardware address, or to everybody.
 */
export function bootpDestination(
  request: DhcpRequest,
  reply: DhcpPacket,
  { from, replyTo }: { readonly from: Ipv4; readonly replyTo?: Ipv4 | undefined },
): Destination {
  const { packet } = request;
  if (packet.ciaddr !== UNSPECIFIED) return { kind: 'unicast', ip: packet.ciaddr, port: CLIENT_PORT, from };
  if (packet.giaddr !== UNSPECIFIED) return { kind: 'unicast', ip: packet.giaddr, port: SERVER_PORT, from };
  if (replyTo === LIMITED_BROADCAST) return { kind: 'broadcast', port: CLIENT_PORT, from };
  if (replyTo !== undefined) return { kind: 'unicast', ip: replyTo, port: CLIENT_PORT, from };
  return unconfigured(packet, reply, from);
}

function unconfigured(packet: DhcpPacket, reply: DhcpPacket, from: Ipv4): Destination {
  const ethernet = packet.hlen === 6 && packet.htype !== 0;
  // A reply may be flagged although its request is not: then a relay must see that, too.
  if (wantsBroadcast(packet) || wantsBroadcast(reply) || !ethernet || reply.yiaddr === UNSPECIFIED) {
    return { kind: 'broadcast', port: CLIENT_PORT, from };
  }
  return {
    kind: 'hardware',
    ip: reply.yiaddr,
    mac: formatMac(packet.chaddr.subarray(0, 6)),
    port: CLIENT_PORT,
    from,
  };
}
