import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { isOf } from './allocate.ts';
import type { Choice } from './choice.ts';
import { holdKey } from './claims.ts';
import type { Decision } from './conversation.ts';
import { isLive } from './lease.ts';
import { abandon, put, recordOf } from './records.ts';
import type { Turn } from './turn.ts';

/**
 * The conflict probe (RFC 2131 §2.2): before an address goes to a client that does not hold it already. Reserved
 * addresses are the operator's word, and are not probed.
 */
export function probeFirst(turn: Turn, { ip, client, reservation }: Choice): Decision | undefined {
  const { context, request, identity } = turn;
  const { settings } = context.plan;
  if (!settings.probe.enabled || reservation?.ip === ip) return undefined;
  const record = context.leases.byIp(ip);
  const holds = isLive(record, context.now) && isOf(record, client) && record.state !== 'probing';
  if (holds || isFreeByProbe(turn, ip)) return undefined;
  const expiresAt = context.now + settings.offerSeconds * 1000;
  const onLink = request.packet.giaddr === UNSPECIFIED;
  const key = holdKey(turn, client, ip);
  return {
    mutations: [
      put(recordOf(turn, { ip, client: key, state: 'probing', expiresAt, kind: kindOf(turn) }), true),
    ],
    events: [],
    probe: { ip, mac: identity.mac, link: request.link, onLink },
  };
}

function kindOf({ client }: Turn): 'dhcp' | 'bootp' {
  return client.kind === 'bootp' ? 'bootp' : 'dhcp';
}

/** The client's own answer, from a system still up or from its management card, is no conflict. */
function isFreeByProbe({ context, identity }: Turn, ip: Ipv4): boolean {
  const { probe } = context;
  return probe?.ip === ip && (!probe.inUse || (probe.owner !== undefined && probe.owner === identity.mac));
}

/** The address that this client's probe found taken; nothing when its hold on it is over, for then it is not ours to judge. */
export function foundInUse(turn: Turn): Ipv4 | undefined {
  const { probe } = turn.context;
  if (!probe?.inUse || isFreeByProbe(turn, probe.ip)) return undefined;
  const record = turn.context.leases.byIp(probe.ip);
  return record?.state === 'probing' && record.mac === turn.identity.mac ? probe.ip : undefined;
}

/** What a probe that found somebody means: the address is set aside. */
export function conflict(turn: Turn): Pick<Decision, 'mutations' | 'events'> {
  const ip = foundInUse(turn);
  if (ip === undefined) return { mutations: [], events: [] };
  const owner = turn.context.probe?.owner;
  return {
    mutations: [abandon(turn, ip)],
    events: [{ type: 'dhcp.conflict', ip, ...(owner !== undefined && { owner }) }],
  };
}
