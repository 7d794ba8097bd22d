import { MessageType, messageType, type PxeBootItem, readPxe, writePxe } from '../dhcp-packet/index.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import { bootOf } from './admit.ts';
import { writeBootAnswer } from './boot-options.ts';
import type { Decision } from './conversation.ts';
import { dhcpDestination } from './destination.ts';
import { reservationOf } from './plan.ts';
import { echo, limitsFor, startReply } from './reply.ts';
import { networkAt, networksOf, ownAddressFor } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/** Is it for the boot server: sent to its port, or a REQUEST that names a boot item (PXE 2.1 §2.4.4)? */
export function isBootServerRequest({ request, client }: Turn): boolean {
  if (request.port === 4011) return true;
  return (
    client.netboot &&
    messageType(request.packet) === MessageType.REQUEST &&
    bootItemOf(request.packet) !== undefined
  );
}

/**
 * PXE boot server and proxy requests (PXE 2.1 §2.4.5): a client that has its address asks which file to load. Answered
 * with an ACK to the sender's own port, never with a NAK; leases are not touched.
 *
 * With a boot item (43.71) it is echoed, and the address moves to yiaddr (Table 2-5); without one, ciaddr stays, as
 * dnsmasq does for proxy requests. Layers above 0 and requests for credentials are not ours.
 */
export function handleBootServer(turn: Turn): Decision {
  const { request, context, client } = turn;
  const { packet } = request;
  const type = messageType(packet);
  if (type !== MessageType.REQUEST && type !== MessageType.INFORM) return ignore(turn, 'unexpected-type');
  if (!client.vendorClass?.startsWith('PXEClient')) return ignore(turn, 'not-pxe');
  const address = packet.ciaddr === UNSPECIFIED ? request.source.ip : packet.ciaddr;
  if (address === UNSPECIFIED) return ignore(turn, 'no-address');
  const item = bootItemOf(packet);
  if (item !== undefined && item.layer !== 0) return ignore(turn, 'boot-layer');
  const networks = networksOf(request, context.plan);
  const network = networkAt(networks, address) ?? networks[0];
  if (!network) return ignore(turn, 'no-network');
  const boot = bootOf(turn, reservationOf(context.plan, network, turn.identity));
  if (boot?.file === undefined) return ignore(turn, 'no-boot-file', boot?.reason);
  const reply = startReply(turn, MessageType.ACK, network);
  const own = ownAddressFor(request, context.plan, network);
  const nextServer = network.nextServer === 'auto' ? own : network.nextServer;
  writeBootAnswer(reply, { client, mac: turn.identity.mac, nextServer, file: boot.file });
  if (item === undefined) reply.ciaddr = packet.ciaddr;
  else {
    reply.yiaddr = packet.ciaddr;
    writePxe(reply.options, { values: { bootItem: item } });
  }
  echo(reply, packet);
  return {
    mutations: [],
    events: [{ type: 'dhcp.boot-server-ack', ip: address, file: boot.file, ...turn.facts }],
    reply: {
      packet: reply,
      limits: limitsFor(turn, request.link.mtu),
      destination: dhcpDestination(request, reply, own),
    },
    boot,
  };
}

function bootItemOf(packet: Turn['request']['packet']): PxeBootItem | undefined {
  return readPxe(packet.options)?.values.bootItem;
}
