import type { Glance } from './glance.ts';

/** Requests of one second that are looked at; undefined: all. */
export type RateLimits = { readonly perClient: number | undefined; readonly perRelay: number | undefined };

/** Who is over the limit: `first` time in this second that it is seen, so that it is told of once. */
export type Over = { readonly who: 'client' | 'relay'; readonly first: boolean };

const WINDOW_MS = 1_000;
/** A counter is shared by who falls on it, in each second by others: of 65,536, somebody's is a flooder's by bad luck alone. */
const COUNTERS = 2 ** 16;

/**
 * No client and no relay takes more of the server than its share, however broken it is. Counted by the second, clients in a
 * table of fixed size: made-up addresses cost nothing to remember.
 */
export function createRateLimits(limits: () => RateLimits) {
  const clients = new Uint32Array(COUNTERS);
  const relays = new Map<number, number>();
  let windowEnd = 0;
  let salt = 0;

  function countClient(client: number, most: number | undefined): number {
    if (most === undefined) return 0;
    const place = placeOf(client, salt);
    const next = clients[place]! + 1;
    clients[place] = next;
    return next - most;
  }

  function countRelay(relay: number, most: number | undefined): number {
    if (most === undefined || relay === 0) return 0;
    const next = (relays.get(relay) ?? 0) + 1;
    relays.set(relay, next);
    return next - most;
  }

  /** undefined: go on. */
  return function over({ client, relay }: Glance, now: number): Over | undefined {
    if (now >= windowEnd) {
      windowEnd = now + WINDOW_MS;
      salt = Math.imul(salt + 1, 0x9e37_79b1);
      clients.fill(0);
      relays.clear();
    }
    const { perClient, perRelay } = limits();
    const excess = countClient(client, perClient);
    if (excess > 0) return { who: 'client', first: excess === 1 };
    const relayExcess = countRelay(relay, perRelay);
    return relayExcess > 0 ? { who: 'relay', first: relayExcess === 1 } : undefined;
  };
}

/** MurmurHash3's finalizer over both halves: addresses of one make differ in few bits. */
function placeOf(client: number, salt: number): number {
  let h = client ^ salt ^ Math.imul(client / 2 ** 32, 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) & (COUNTERS - 1);
}
