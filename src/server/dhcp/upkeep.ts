import { formatDuration } from '../../lib/duration.ts';
import type { LeaseStore } from '../../store/lease-store.ts';
import type { Clock } from './clock.ts';
import type { Reporter } from './reporter.ts';

/** Between two steps of tidying. */
const TIDY_MS = 1000;

/** What the lease store wants between turns: to follow the wall clock, and a small step of tidying now and then. */
export function createUpkeep(io: {
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly reporter: Reporter;
}) {
  const { leases, clock, reporter } = io;
  let tidyAt = 0;

  /** Records and clock move together, or, when that cannot be saved, not yet. */
  function followClock(): void {
    const ms = clock.setBy();
    if (ms === 0) return;
    try {
      leases.commit();
      leases.shift(ms);
      clock.follow(ms);
    } catch (error) {
      reporter.unsaved(error, 0);
      return;
    }
    reporter.clockSet(inWords(ms));
  }

  function tidy(): void {
    const now = clock.ticks();
    if (now < tidyAt) return;
    tidyAt = now + TIDY_MS;
    try {
      leases.tidy(clock.wall());
    } catch (error) {
      reporter.untidy(error);
    }
  }

  return {
    take(): void {
      followClock();
      tidy();
    },
  };
}

function inWords(ms: number): string {
  return `${ms > 0 ? 'forward' : 'back'} by ${formatDuration(Math.round(Math.abs(ms) / 1000))}`;
}
