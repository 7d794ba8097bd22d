import { isLive, type LeaseMutation, type LeaseView } from '../../dhcp/lease.ts';
import type { PlannedNetwork } from '../../dhcp/plan.ts';

/**
 * Keeps strangers from holding the whole pool by DISCOVERs alone, each from another made-up address (RFC 2131 §7 names the
 * attack). Clients that were never bound here may hold three quarters of a network's pool by offers that they did not take;
 * each REQUEST gives its place back, and so does the time that an offer is held. A known client, one with a record, is not counted.
 */
export type OfferGuard = {
  /** May one more stranger be made an offer in this network? */
  mayHold(network: PlannedNetwork, now: number): boolean;
  /** Sees what was decided, before it is staged. */
  observe(mutations: readonly LeaseMutation[], leases: LeaseView, now: { ticks: number; wall: number }): void;
};

/** In a handful of addresses three quarters would be none too many for a room of machines switched on at once. */
const SMALL_POOL = 16;

type Level = { used: number; at: number; readonly most: number };

export function createOfferGuard(
  offerSeconds: () => number,
  networkAt: (ip: number) => PlannedNetwork | undefined,
): OfferGuard {
  const levels = new Map<string, Level>();

  function levelOf({ key, pool }: PlannedNetwork, now: number): Level {
    const most = pool.size < SMALL_POOL ? Number.POSITIVE_INFINITY : Math.floor((pool.size * 3) / 4);
    const known = levels.get(key);
    if (known === undefined || known.most !== most) {
      const level = { used: 0, at: now, most };
      levels.set(key, level);
      return level;
    }
    // All of it comes back within the time that an offer is held.
    const back = ((now - known.at) / (offerSeconds() * 1000)) * most;
    known.used = Math.max(0, known.used - (most === Number.POSITIVE_INFINITY ? known.used : back));
    known.at = now;
    return known;
  }

  function change(ip: number, by: 1 | -1, now: number): void {
    const network = networkAt(ip);
    if (network === undefined) return;
    const level = levelOf(network, now);
    level.used = Math.max(0, level.used + by);
  }

  return {
    mayHold(network, now) {
      const { used, most } = levelOf(network, now);
      return used < most;
    },
    observe(mutations, leases, { ticks: now, wall }) {
      for (const mutation of mutations) {
        if (mutation.kind !== 'put') continue;
        const { lease } = mutation;
        const before = leases.byIp(lease.ip);
        if (lease.state === 'offered' || lease.state === 'probing') {
          if (!isLive(leases.byClient(lease.client), wall)) change(lease.ip, 1, now);
        } else if (lease.state === 'bound' && before?.state === 'offered' && before.client === lease.client) {
          change(lease.ip, -1, now);
        }
      }
    },
  };
}
