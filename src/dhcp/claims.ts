import type { Ipv4 } from '../lib/ipv4.ts';
import { isFree } from './allocate.ts';
import { clientKey } from './identity.ts';
import { isLive, type Lease } from './lease.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { mayHave, poolFor } from './terms.ts';
import type { Turn } from './turn.ts';

/** The client's record in a network, in whatever state. */
export function ownRecord({ context, identity }: Turn, network: PlannedNetwork): Lease | undefined {
  return context.leases.byClient(clientKey(network, identity));
}

/**
 * The client's running lease in one of the networks. Only that entitles us to refuse another address: an offer it
 * never took, or a lease long over, says nothing about what it got from another server since.
 */
export function liveBinding(turn: Turn, networks: readonly PlannedNetwork[]): Lease | undefined {
  return networks
    .map((network) => ownRecord(turn, network))
    .find((record) => isLive(record, turn.context.now) && record.state === 'bound');
}

/** May it have this address because it had, or was offered, it: its record says so, and nothing speaks against it? */
export function holds(turn: Turn, network: PlannedNetwork, ip: Ipv4): boolean {
  const own = ownRecord(turn, network);
  // Chosen but not told yet: whoever asks for it has it from elsewhere.
  if (own?.state === 'probing') return false;
  return own?.ip === ip && isFree(ip, own.client, turn.context) && isRight(turn, network, ip);
}

/** May it have this address although we have no record: it is free, and reserved for it or of the pool? */
export function canAdopt(turn: Turn, network: PlannedNetwork, ip: Ipv4): boolean {
  const { context, identity } = turn;
  const reserved = reservationOf(turn, network)?.ip;
  const fits = reserved === undefined ? poolFor(turn, network).has(ip) : reserved === ip;
  return fits && isFree(ip, clientKey(network, identity), context);
}

/** Is the address reserved for this client? */
export function isReservedFor(turn: Turn, network: PlannedNetwork, ip: Ipv4): boolean {
  return reservationOf(turn, network)?.ip === ip;
}

/** Not when another is reserved for this client and free to be had, nor when it left the pools. */
function isRight(turn: Turn, network: PlannedNetwork, ip: Ipv4): boolean {
  const { context, identity } = turn;
  const reserved = reservationOf(turn, network)?.ip;
  if (reserved === ip) return true;
  if (reserved !== undefined && isFree(reserved, clientKey(network, identity), context)) return false;
  return mayHave(turn, network, ip);
}
