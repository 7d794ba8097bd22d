/** Seconds of a span written as `90`, `90s`, `5m`, `12h`, `7d`, `2w` or `infinite`. */

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** The wire's "for ever" of lease times (RFC 2131 §3.3). */
export const INFINITE_SECONDS = 0xffff_ffff;

/** `12h` gives 43200, `infinite` gives {@link INFINITE_SECONDS}; undefined when it is not a span below that. */
export function parseDuration(text: string): number | undefined {
  if (text === 'infinite') return INFINITE_SECONDS;
  const parts = /^(\d{1,10})([smhdw]?)$/.exec(text);
  if (!parts) return undefined;
  const seconds = Number(parts[1]) * UNIT_SECONDS[(parts[2] || 's') as keyof typeof UNIT_SECONDS];
  return seconds < INFINITE_SECONDS ? seconds : undefined;
}

/** `12h` for 43200: the largest unit that divides the span. */
export function formatDuration(seconds: number): string {
  if (seconds === INFINITE_SECONDS) return 'infinite';
  const units = Object.entries(UNIT_SECONDS).reverse();
  const [unit, size] = units.find(([, each]) => seconds > 0 && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
