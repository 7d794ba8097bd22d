import { MessageType } from '../dhcp-packet/index.ts';
import { contains, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { bootOf, isAdmitted } from './admit.ts';
import type { Decision, Reply } from './conversation.ts';
import { grantReply } from './reply.ts';
import { networkAt, networksOf } from './select-network.ts';
import { isDenied, termsFor } from './terms.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPINFORM (RFC 2131 §4.3.5): the client has an address and asks for the rest. No lease is looked up or made, no
 * lease time sent. The address must be of a network of ours or the very sender's: a forged one would make us write to
 * strangers.
 */
export function handleInform(turn: Turn): Decision {
  const { request, context } = turn;
  const { ciaddr } = request.packet;
  if (ciaddr === UNSPECIFIED) return ignore(turn, 'inform-without-address');
  const networks = networksOf(request, context.plan);
  const place = networkAt(networks, ciaddr) ?? networks[0];
  if (!place) return ignore(turn, 'no-network');
  if (!contains(place.subnet, ciaddr) && request.source.ip !== ciaddr) return ignore(turn, 'foreign-address');
  if (!isAdmitted(turn)) return ignore(turn, 'not-netboot');
  if (isDenied(turn, networks)) return ignore(turn, 'unknown-denied');
  const terms = termsFor(turn, place);
  const { network, reservation } = terms;
  const boot = bootOf(turn, terms);
  const reply = grantReply(turn, {
    type: MessageType.ACK,
    network,
    ip: UNSPECIFIED,
    reservation,
    ...(boot && { boot }),
  });
  return {
    mutations: [],
    events: [{ type: 'dhcp.inform', ip: ciaddr, ...turn.facts }],
    reply: context.plan.settings.relays.informViaRelay ? reply : toClient(reply, ciaddr),
    ...(boot && { boot }),
    ...(terms.rules && { rules: terms.rules }),
  };
}

/** To the letter of §4.3.5. Many relays expect the answer all the same, and only they know a way: so it is not the default. */
function toClient(reply: Reply, ip: Ipv4): Reply {
  return { ...reply, destination: { kind: 'unicast', ip, port: 68, from: reply.destination.from } };
}
