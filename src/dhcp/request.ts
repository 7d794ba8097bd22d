import { readOption } from '../dhcp-packet/index.ts';
import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { isAdmitted } from './admit.ts';
import { boundAck, refuse } from './bind.ts';
import { canAdopt, holds, isReservedFor, liveBinding, openOffers, recordAt } from './claims.ts';
import type { Decision } from './conversation.ts';
import type { Lease } from './lease.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { put } from './records.ts';
import { isOurs, networkAt, networksOf } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPREQUEST: four states of the client, told apart by options 54 and 50 and ciaddr (RFC 2131 §4.3.2, Table 4):
 *
 * | 54 | 50 | ciaddr | state |
 * |---|---|---|---|
 * | set | set | any | SELECTING: it took an offer, ours or another's |
 * | - | set | 0 | INIT-REBOOT: it wants its old address back |
 * | - | any | set, sent to our address | RENEWING |
 * | - | any | set, broadcast or relayed | REBINDING: its own server does not answer |
 * | set | - | set | RENEWING of old clients, when 54 is ours |
 * | any | - | 0 | malformed |
 */
export function handleRequest(turn: Turn): Decision {
  const { packet } = turn.request;
  const serverId = readOption(packet.options, 'server-id');
  const asked = readOption(packet.options, 'requested-ip');
  if (serverId !== undefined && asked !== undefined) return selecting(turn, { serverId, asked });
  if (packet.ciaddr === UNSPECIFIED) {
    if (asked === undefined) return ignore(turn, 'malformed-request');
    return initReboot(turn, asked);
  }
  if (serverId !== undefined && !isOurs(serverId, turn.request, turn.context.plan)) return forget(turn);
  return isUnicast(turn) || serverId !== undefined
    ? renewing(turn, packet.ciaddr)
    : rebinding(turn, packet.ciaddr);
}

function selecting(turn: Turn, { serverId, asked }: { serverId: Ipv4; asked: Ipv4 }): Decision {
  const { plan } = turn.context;
  if (!isOurs(serverId, turn.request, plan)) return forget(turn);
  const network = networkAt(networksOf(turn.request, plan), asked);
  if (!network) return refuse(turn, 'wrong-network');
  // An offer that ran out is still good while nobody else got the address.
  if (holds(turn, network, asked)) return boundAck(turn, { network, ip: asked });
  if (isReservedFor(turn, network, asked) && canAdopt(turn, network, asked)) {
    return boundAck(turn, { network, ip: asked });
  }
  return refuse(turn, recordAt(turn, network, asked) ? 'address-taken' : 'not-offered', network);
}

/** The client took another server's offer: ours is free again. It is remembered whose it was. */
function forget(turn: Turn): Decision {
  const { request, context } = turn;
  const offers = networksOf(request, context.plan).flatMap((network) => openOffers(turn, network));
  return {
    ...ignore(turn, 'other-server'),
    mutations: offers.map((record) => put(released(record, context.now), true)),
  };
}

function released(record: Lease, now: number): Lease {
  return { ...record, state: 'released', since: now, expiresAt: now };
}

function initReboot(turn: Turn, asked: Ipv4): Decision {
  const { plan } = turn.context;
  const networks = networksOf(turn.request, plan);
  const [first] = networks;
  if (!first) return ignore(turn, 'no-network');
  const network = networkAt(networks, asked);
  if (network && holds(turn, network, asked)) return boundAck(turn, { network, ip: asked });
  if (liveBinding(turn, networks))
    return network ? refuseHeld(turn, network, asked) : refuse(turn, 'wrong-network', first);
  if (network && isReservedFor(turn, network, asked) && canAdopt(turn, network, asked)) {
    return boundAck(turn, { network, ip: asked });
  }
  return unknownClient(turn, asked);
}

/**
 * It sends to our address, so it had the lease from us. One we do not know is adopted when it is free and of our pool:
 * a restart that lost the leases must not cut running machines off. Else NAK.
 */
function renewing(turn: Turn, ciaddr: Ipv4): Decision {
  const network = networkAt(networksOf(turn.request, turn.context.plan), ciaddr);
  if (!network) return refuse(turn, 'wrong-network');
  if (holds(turn, network, ciaddr)) return boundAck(turn, { network, ip: ciaddr });
  if (liveBinding(turn, [network])) return refuseHeld(turn, network, ciaddr);
  if (canAdopt(turn, network, ciaddr)) return boundAck(turn, { network, ip: ciaddr, adopted: true });
  return refuse(turn, 'lease-not-found', network);
}

/** Its lease may be another server's: without a binding of ours only an authoritative server speaks. */
function rebinding(turn: Turn, ciaddr: Ipv4): Decision {
  const networks = networksOf(turn.request, turn.context.plan);
  const [first] = networks;
  if (!first) return ignore(turn, 'no-network');
  const network = networkAt(networks, ciaddr);
  if (network && holds(turn, network, ciaddr)) return boundAck(turn, { network, ip: ciaddr });
  if (network && liveBinding(turn, [network])) return refuseHeld(turn, network, ciaddr);
  return unknownClient(turn, ciaddr);
}

/** It has a lease: of another address, or of this one that it may not have any longer, the pools being changed. */
function refuseHeld(turn: Turn, network: PlannedNetwork, ip: Ipv4): Decision {
  const isClosed = recordAt(turn, network, ip) && reservationOf(turn, network)?.ip === undefined;
  return refuse(turn, isClosed ? 'not-permitted' : 'other-address', network);
}

/**
 * No lease of ours stands behind the address. RFC 2131 §4.3.2: without a record be silent, for the client may be
 * another server's. Where we alone rule, it is told that it is in a wrong network, or gets the address if it may.
 */
function unknownClient(turn: Turn, ip: Ipv4): Decision {
  const { plan } = turn.context;
  const networks = networksOf(turn.request, plan);
  if (!networks[0] || !isAdmitted(turn)) return ignore(turn, 'not-netboot');
  if (!plan.settings.authoritative) return ignore(turn, 'unknown-client');
  const network = networkAt(networks, ip);
  if (!network) return refuse(turn, 'wrong-network', networks[0]);
  if (!canAdopt(turn, network, ip)) return refuse(turn, 'not-available', network);
  return boundAck(turn, { network, ip });
}

/** The relay says how the client's message reached it (RFC 5010 §3); without one the destination does. */
function isUnicast({ request, context }: Turn): boolean {
  if (request.packet.giaddr !== UNSPECIFIED) {
    return readOption(request.packet.options, 'relay-agent-info')?.values.flags?.unicast === true;
  }
  return context.plan.ownAddresses.has(request.destination);
}
