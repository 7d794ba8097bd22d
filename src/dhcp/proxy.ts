import { BROADCAST_FLAG, MessageType, messageType, readOption } from '../dhcp-packet/index.ts';
import { bootOf } from './admit.ts';
import { menuFor } from './boot-menu.ts';
import { writeBootAnswer } from './boot-options.ts';
import { handleBootServer } from './boot-server.ts';
import type { Decision } from './conversation.ts';
import { dhcpDestination } from './destination.ts';
import type { PlannedNetwork } from './plan.ts';
import { accepted, isVisible, planAnswer } from './quirks.ts';
import { booted } from './records.ts';
import { echo, limitsFor, startReply } from './reply.ts';
import { networksOf, ownAddressFor } from './select-network.ts';
import { isDenied, termsFor } from './terms.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * proxyDHCP on port 67 (PXE 2.1 §2.5.1): another server gives the addresses, we tell what to boot. No address is given, no
 * lease kept, nobody refused; machines are remembered. Requests on port 4011 and for boot items are boot-server.ts's.
 *
 * | message | answer |
 * |---|---|
 * | DISCOVER of PXE, HTTP or iPXE firmware | OFFER without an address |
 * | INFORM of a PXE client | ACK without an address |
 * | REQUEST | none: it is for the address server. It tells which address the client has from now on |
 * | anything else, anybody else | none |
 *
 * The OFFER has what both kinds of firmware take at once, without a request to port 4011: 60 `PXEClient`, 43.6 = 8, the file
 * and siaddr. EDK2 calls that a ProxyPxe10 offer; without option 43 it is a ProxyBinl one, for which EDK2 and iPXE ask
 * port 4011 (quirk `with-4011`). A WfM11a offer, with MTFTP in option 43, is discarded by EDK2 and never made.
 */
export function handleProxy(turn: Turn): Decision {
  const { request, identity, client } = turn;
  if (identity.mac === request.link.mac) return ignore(turn, 'own-host');
  if (isDenied(turn, placesOf(turn))) return ignore(turn, 'unknown-denied');
  switch (messageType(request.packet)) {
    case MessageType.DISCOVER:
      // U-Boot would take an offer without an address for its lease.
      return client.netboot && client.kind !== 'u-boot' ? offer(turn) : ignore(turn, 'address-server');
    case MessageType.INFORM:
      return client.vendorClass?.startsWith('PXEClient')
        ? handleBootServer(turn)
        : ignore(turn, 'address-server');
    case MessageType.REQUEST:
      return overhear(turn);
    default:
      return ignore(turn, 'address-server');
  }
}

function offer(turn: Turn): Decision {
  const { request, context, client, identity } = turn;
  const [place] = placesOf(turn);
  if (!place) return ignore(turn, 'no-network');
  const terms = termsFor(turn, place);
  const { network } = terms;
  const boot = bootOf(turn, terms);
  const lines = menuFor(turn, terms);
  if (boot?.file === undefined && !lines && client.kind !== 'raspberry-pi') {
    return { ...ignore(turn, 'no-boot-file', boot?.reason), ...(boot && { boot }) };
  }
  const own = ownAddressFor(request, context.plan, network);
  const nextServer = network.nextServer === 'auto' ? own : network.nextServer;
  const file = lines ? undefined : boot?.file;
  const visible = isVisible(turn, { network, file });
  const plan = planAnswer(turn, network, { visible });
  const reply = startReply(turn, MessageType.OFFER, network);
  // It has no address to be reached at, and none in this offer: a relay must know that, too.
  reply.flags |= BROADCAST_FLAG;
  writeBootAnswer(reply, {
    client,
    mac: identity.mac,
    nextServer,
    ...(file !== undefined && { file }),
    ...(lines && { menu: { lines, own } }),
    shape: plan.shape,
    proxy: true,
  });
  echo(reply, request.packet);
  return {
    mutations: [],
    events: [
      ...plan.events,
      {
        type: 'dhcp.proxy-offer',
        ...(lines && { menu: lines.entries.length }),
        ...(file !== undefined && { file }),
        ...(file !== undefined && boot && { reason: boot.reason }),
        ...(plan.quirk !== undefined && { quirk: plan.quirk }),
        ...((lines || plan.shape.file === 'later') && { later: true as const }),
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

/** The client took the address server's offer, as all can hear. It may come back as a system that says nothing of PXE. */
function overhear(turn: Turn): Decision {
  const { packet } = turn.request;
  const ip = readOption(packet.options, 'requested-ip') ?? packet.ciaddr;
  const told = ignore(turn, 'address-server').events.map((event) => ({ ...event, ip }));
  if (!turn.client.netboot) return { mutations: [], events: told };
  const { step, mutations, events } = accepted(turn, ip);
  return {
    mutations: [...booted(turn), ...mutations],
    events: [...told, ...events],
    ...(step && { trial: step }),
  };
}

/** What the client's network is told counts; behind a relay nobody configured, what that of the link is told. */
function placesOf({ request, context }: Turn): readonly PlannedNetwork[] {
  const { plan } = context;
  const networks = networksOf(request, plan);
  return networks.length > 0 ? networks : plan.places.on(request.link);
}
