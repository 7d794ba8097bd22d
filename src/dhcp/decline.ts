import { readOption } from '../dhcp-packet/index.ts';
import { recordAt } from './claims.ts';
import type { Decision } from './conversation.ts';
import { abandon } from './records.ts';
import { isOurs, networkOf } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPDECLINE (RFC 2131 §4.3.3): the client found somebody else at the address we gave it. It is set aside, and the
 * operator told; the client starts over and gets another. Only who holds the address may decline it.
 */
export function handleDecline(turn: Turn): Decision {
  const { request, context } = turn;
  const serverId = readOption(request.packet.options, 'server-id');
  const ip = readOption(request.packet.options, 'requested-ip');
  if (serverId === undefined || !isOurs(serverId, request, context.plan)) return ignore(turn, 'other-server');
  if (ip === undefined) return ignore(turn, 'decline-without-address');
  const network = networkOf(request, context.plan, ip);
  const record = network && recordAt(turn, network, ip);
  if (!record || record.state === 'released') return ignore(turn, 'decline-not-owner');
  return {
    mutations: [abandon(turn, ip)],
    events: [
      { type: 'dhcp.decline', ip, ...turn.facts },
      { type: 'dhcp.conflict', ip },
    ],
  };
}
