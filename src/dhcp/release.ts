import { readOption } from '../dhcp-packet/index.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import { recordAt } from './claims.ts';
import type { Decision } from './conversation.ts';
import { put } from './records.ts';
import { isOurs, networkOf } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPRELEASE (RFC 2131 §4.3.4): never answered; only the lease's owner may give it back. The record stays, so that the
 * client gets the same address next time.
 */
export function handleRelease(turn: Turn): Decision {
  const { request, context } = turn;
  const { ciaddr, options } = request.packet;
  const serverId = readOption(options, 'server-id');
  if (serverId === undefined || !isOurs(serverId, request, context.plan)) return ignore(turn, 'other-server');
  if (ciaddr === UNSPECIFIED) return ignore(turn, 'release-without-address');
  const network = networkOf(request, context.plan, ciaddr);
  const record = network && recordAt(turn, network, ciaddr);
  if (record?.state !== 'bound') return ignore(turn, 'release-not-owner');
  return {
    mutations: [put({ ...record, state: 'released', since: context.now, expiresAt: context.now })],
    events: [{ type: 'dhcp.release', ip: ciaddr, ...turn.facts }],
  };
}
