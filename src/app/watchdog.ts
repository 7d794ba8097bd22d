import type { Composed } from './compose.ts';

/** What the service manager says, and of whom. */
export type WatchdogPlace = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly signal: AbortSignal;
};

/**
 * Tells the service manager that pxed lives, twice in the time that it waits for a word (sd_watchdog_enabled(3)): while this thread's
 * event loop turns, and those of all threads that serve. What does not is killed by it, and started again. Does nothing where
 * nobody watches.
 */
export function feedWatchdog(
  { notify, inside }: { notify: Composed['notify']; inside: Pick<Composed['inside'], 'answer'> },
  place: WatchdogPlace,
): void {
  const everyMs = watchdogMs(place);
  if (everyMs === undefined) return;
  const feed = async () => {
    if (await inside.answer()) notify('WATCHDOG=1');
  };
  const timer = setInterval(() => void feed(), everyMs);
  place.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  void feed();
}

/** Half of what it waits for; undefined when this process is not watched. */
export function watchdogMs({ env, pid }: Omit<WatchdogPlace, 'signal'>): number | undefined {
  const waitsUs = Number(env.WATCHDOG_USEC);
  const watched = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid);
  return watched && Number.isSafeInteger(waitsUs) && waitsUs >= 2000 ? waitsUs / 2000 : undefined;
}
