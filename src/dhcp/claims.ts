import type { Ipv4 } from '../lib/ipv4.ts';
import { isFree, isOf } from './allocate.ts';
import { clientKey, nextKey } from './identity.ts';
import { isLive, type Lease } from './lease.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { mayHave, poolFor } from './terms.ts';
import type { Turn } from './turn.ts';

/** The client's record in a network, in whatever state. */
export function ownRecord({ context, identity }: Turn, network: PlannedNetwork): Lease | undefined {
  return context.leases.byClient(clientKey(network, identity));
}

/** The record of an address, when it is this client's: held, or offered to it. */
export function recordAt(turn: Turn, network: PlannedNetwork, ip: Ipv4): Lease | undefined {
  const record = turn.context.leases.byIp(ip);
  return record && isOf(record, clientKey(network, turn.identity)) ? record : undefined;
}

/** What the client was offered in a network and did not take, at most two: see {@link nextKey}. */
export function openOffers({ context, identity }: Turn, network: PlannedNetwork): Lease[] {
  const client = clientKey(network, identity);
  return [client, nextKey(client)]
    .map((key) => context.leases.byClient(key))
    .filter((record) => record !== undefined)
    .filter(({ state }) => state === 'offered' || state === 'probing');
}

/**
 * The key to hold an address under: the client's own, or beside its running lease of another address the next one's.
 */
export function holdKey({ context }: Turn, client: string, ip: Ipv4): string {
  const own = context.leases.byClient(client);
  const leased = isLive(own, context.now) && own.state === 'bound' && own.ip !== ip;
  return leased ? nextKey(client) : client;
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
  const record = recordAt(turn, network, ip);
  // Chosen but not told yet: whoever asks for it has it from elsewhere.
  if (!record || record.state === 'probing') return false;
  return isRight(turn, network, ip);
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
