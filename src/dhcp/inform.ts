import { MessageType } from '../dhcp-packet/index.ts';
import { contains, UNSPECIFIED } from '../lib/ipv4.ts';
import { bootOf, isAdmitted } from './admit.ts';
import type { Decision } from './conversation.ts';
import { reservationOf } from './plan.ts';
import { grantReply } from './reply.ts';
import { networkAt, networksOf } from './select-network.ts';
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
  const network = networkAt(networks, ciaddr) ?? networks[0];
  if (!network) return ignore(turn, 'no-network');
  if (!contains(network.subnet, ciaddr) && request.source.ip !== ciaddr)
    return ignore(turn, 'foreign-address');
  const reservation = reservationOf(context.plan, network, turn.identity);
  if (!isAdmitted(turn, reservation)) return ignore(turn, 'not-netboot');
  const boot = bootOf(turn, reservation);
  return {
    mutations: [],
    events: [{ type: 'dhcp.inform', ip: ciaddr, ...turn.facts }],
    reply: grantReply(turn, {
      type: MessageType.ACK,
      network,
      ip: UNSPECIFIED,
      reservation,
      ...(boot && { boot }),
    }),
    ...(boot && { boot }),
  };
}
