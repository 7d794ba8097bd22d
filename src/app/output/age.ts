const UNITS: readonly [unit: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** `3h 12m`: a span in its two largest units, for people. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first < 0) return '0s';
  const [unit, size] = UNITS[first]!;
  const [lesser, part] = UNITS[first + 1] ?? ['', 0];
  const rest = part === 0 ? 0 : Math.floor((whole % size) / part);
  return `${Math.floor(whole / size)}${unit}${rest > 0 ? ` ${rest}${lesser}` : ''}`;
}
