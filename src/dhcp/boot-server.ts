import { isIpxeBinary } from '../boot/policy.ts';
import { MessageType, messageType, type PxeBootItem, readPxe, writePxe } from '../dhcp-packet/index.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import { bootOf } from './admit.ts';
import { entryOf, menuFor } from './boot-menu.ts';
import { writeBootAnswer } from './boot-options.ts';
import type { Decision } from './conversation.ts';
import { dhcpDestination } from './destination.ts';
import { isVisible, planAnswer } from './quirks.ts';
import { PLAIN } from './quirks-table.ts';
import { booted } from './records.ts';
import { echo, limitsFor, startReply } from './reply.ts';
import { networkAt, networksOf, ownAddressFor } from './select-network.ts';
import { isDenied, termsFor } from './terms.ts';
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
 * dnsmasq does for proxy requests. Where there is a menu, an item is a line of it, and a request without one is told
 * the menu. Layers above 0 and requests for credentials are not ours.
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
  const place = networkAt(networks, address) ?? networks[0];
  if (!place) return ignore(turn, 'no-network');
  if (isDenied(turn, networks)) return ignore(turn, 'unknown-denied');
  const terms = termsFor(turn, place);
  const { network } = terms;
  const boot = bootOf(turn, terms);
  const menu = menuFor(turn, terms);
  const line = item && menu && entryOf(menu, item.type);
  if (item && menu && !line) return ignore(turn, 'boot-item');
  if (line?.servers && !line.servers.some((ip) => context.plan.ownAddresses.has(ip))) {
    return ignore(turn, 'other-server');
  }
  const shown = item ? undefined : menu;
  // A line that is iPXE would have iPXE load itself for ever.
  const chosen = client.stage === 'ipxe' && isIpxeBinary(line?.file ?? '') ? undefined : line?.file;
  const file = shown ? undefined : (chosen ?? boot?.file);
  if (file === undefined && !shown && client.kind !== 'raspberry-pi') {
    return ignore(turn, 'no-boot-file', boot?.reason);
  }
  const reply = startReply(turn, MessageType.ACK, network);
  const own = ownAddressFor(request, context.plan, network);
  const nextServer = network.nextServer === 'auto' ? own : network.nextServer;
  const visible = isVisible(turn, { network, file });
  const plan = planAnswer(turn, network, { visible, ip: address });
  writeBootAnswer(reply, {
    client,
    mac: turn.identity.mac,
    nextServer,
    ...(file !== undefined && { file }),
    ...(shown && { menu: { lines: shown, own } }),
    // What was left out of the offer is asked for now.
    shape: plan.shape.file === 'later' ? PLAIN : plan.shape,
  });
  if (item === undefined) reply.ciaddr = packet.ciaddr;
  else {
    reply.yiaddr = packet.ciaddr;
    writePxe(reply.options, { values: { bootItem: item } });
  }
  echo(reply, packet);
  return {
    // Where we give no addresses, this is when a machine that boots here is first known to.
    mutations: request.link.role === 'proxy' ? booted(turn) : [],
    events: [
      ...plan.events,
      {
        type: 'dhcp.boot-server-ack',
        ip: address,
        ...(file !== undefined && { file }),
        ...turn.facts,
      },
    ],
    reply: {
      packet: reply,
      limits: limitsFor(turn, request.link.mtu),
      destination: dhcpDestination(request, reply, own),
      ...(plan.shape.delayMs > 0 && { delayMs: plan.shape.delayMs }),
    },
    ...(plan.step && { trial: plan.step }),
    ...(boot && { boot }),
    ...(terms.rules && { rules: terms.rules }),
  };
}

function bootItemOf(packet: Turn['request']['packet']): PxeBootItem | undefined {
  return readPxe(packet.options)?.values.bootItem;
}
