import type { BootEvent } from './event.ts';

/**
 * Tells news from repeats: a client that is ignored for one reason is news once in `quietMs`.
 *
 * Clients that are made up, a new one in every request, are news at most `perSecond` times a second.
 *
 * Remembers at most `most` (client, reason) pairs, the oldest leave first. `now` is in ms.
 */
export function createRepeats(quietMs = 600_000, most = 10_000, perSecond = 20) {
  let second = { from: Number.NEGATIVE_INFINITY, news: 0 };
  const seen = new Map<string, number>();
  return function isRepeat(event: BootEvent, now: number): boolean {
    const key = keyOf(event);
    if (key === undefined) return false;
    const before = seen.get(key);
    if (before !== undefined && now - before < quietMs) return true;
    if (now - second.from >= 1000) second = { from: now, news: 0 };
    if (event.type !== 'dhcp.pool-exhausted' && ++second.news > perSecond) return true;
    seen.delete(key);
    seen.set(key, now);
    if (seen.size > most) seen.delete(seen.keys().next().value!);
    return false;
  };
}

function keyOf(event: BootEvent): string | undefined {
  switch (event.type) {
    case 'dhcp.ignored':
    case 'bootp.ignored':
      // For debug anyway: it takes nobody's turn.
      if (event.why === 'address-server') return undefined;
      return `${event.type} ${event.mac} ${event.why}`;
    case 'dhcp.pool-exhausted':
      return `${event.type} ${event.pool}`;
    default:
      return undefined;
  }
}
