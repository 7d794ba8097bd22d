import type { Glance } from './glance.ts';

/** Requests of one second that are looked at; undefined: all. */
export type RateLimits = { readonly perClient: number | undefined; readonly perRelay: number | undefined };

/** Who is over the limit: `first` time in this second that it is seen, so that it is told of once. */
export type Over = { readonly who: 'client' | 'relay'; readonly first: boolean };

const WINDOW_MS = 1_000;

/**
 * No client and no relay takes more of the server than its share, however broken it is. Counted by the second; the counts of a
 * second are forgotten at once, so a flood of made-up addresses costs their number for a second and nothing later.
 */
export function createRateLimits(limits: () => RateLimits) {
  const clients = new Map<number, number>();
  const relays = new Map<number, number>();
  let windowEnd = 0;

  function count(line: Map<number, number>, key: number, most: number | undefined): number {
    if (most === undefined) return 0;
    const next = (line.get(key) ?? 0) + 1;
    line.set(key, next);
    return next - most;
  }

  /** undefined: go on. */
  return function over({ client, relay }: Glance, now: number): Over | undefined {
    if (now >= windowEnd) {
      windowEnd = now + WINDOW_MS;
      clients.clear();
      relays.clear();
    }
    const { perClient, perRelay } = limits();
    const excess = count(clients, client, perClient);
    if (excess > 0) return { who: 'client', first: excess === 1 };
    if (relay === 0) return undefined;
    const relayExcess = count(relays, relay, perRelay);
    return relayExcess > 0 ? { who: 'relay', first: relayExcess === 1 } : undefined;
  };
}
