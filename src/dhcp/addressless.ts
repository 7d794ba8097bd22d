import { MessageType } from '../dhcp-packet/index.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import type { Decision } from './conversation.ts';
import type { PlannedNetwork } from './plan.ts';
import { grantReply } from './reply.ts';
import type { Turn } from './turn.ts';

/** Offers of 0.0.0.0: two ways to tell a client that it gets no IPv4 address here. */

const IPV6_ONLY_PREFERRED = 108;
const AUTO_CONFIGURE = 116;

/** Does this client do without IPv4, here? It asks for option 108, and the network has it (RFC 8925 §3.3). */
export function prefersIpv6({ request }: Turn, network: PlannedNetwork): boolean {
  if (network.ipv6OnlySeconds === undefined) return false;
  return request.packet.options.get(55)?.includes(IPV6_ONLY_PREFERRED) === true;
}

/**
 * No address is taken from the pool for it; should it want one after all, its REQUEST is like any other's. A client that
 * sends option 116 besides is told not to make up an address either, where the network says so (§3.3.1).
 */
export function offerIpv6Only(turn: Turn, network: PlannedNetwork): Decision {
  return offerNothing(turn, network, 'ipv6-only');
}

/**
 * RFC 2563 §2.3: when there is no address, the network is not for made-up ones, and the client is one that listens to
 * option 116, it is told. Any other client gets silence, as ever.
 */
export function offerNoAutoConfigure(turn: Turn, network: PlannedNetwork): Decision | undefined {
  return forbidsMakingUp(turn, network) ? offerNothing(turn, network, 'pool-exhausted') : undefined;
}

function forbidsMakingUp({ request }: Turn, network: PlannedNetwork): boolean {
  return network.autoConfigure === false && request.packet.options.has(AUTO_CONFIGURE);
}

function offerNothing(turn: Turn, network: PlannedNetwork, why: 'ipv6-only' | 'pool-exhausted'): Decision {
  return {
    mutations: [],
    events: [{ type: 'dhcp.no-address', why, ...turn.facts }],
    reply: grantReply(turn, {
      type: MessageType.OFFER,
      network,
      ip: UNSPECIFIED,
      seconds: network.leaseSeconds,
      ...(forbidsMakingUp(turn, network) && { mayMakeUpAddress: false }),
    }),
  };
}
