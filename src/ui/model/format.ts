/** Times, spans and numbers for people. Times are ms since 1970, and shown in the zone of whoever reads. */

/** `14:03:09` on the day of `now`, `20 Nov 14:03` on any other. */
export function formatWhen(at: number, now: number): string {
  const then = new Date(at);
  const isToday = new Date(now).toDateString() === then.toDateString();
  if (isToday) return `${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
  const year = new Date(now).getFullYear() === then.getFullYear() ? '' : ` ${then.getFullYear()}`;
  return `${then.getDate()} ${MONTHS[then.getMonth()]}${year} ${two(then.getHours())}:${two(then.getMinutes())}`;
}

/** `850 ms`, `4.2 s`, `2 min 5 s`, `3 h 12 min`, `5 d 2 h`. */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  for (const [size, unit, below, part] of SPANS) {
    if (seconds < size) continue;
    const whole = Math.floor(seconds / size);
    const rest = Math.floor((seconds % size) / below);
    return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${part}`;
  }
  return `${seconds} s`;
}

const SPANS: readonly (readonly [size: number, unit: string, below: number, part: string])[] = [
  [86_400, 'd', 3600, 'h'],
  [3600, 'h', 60, 'min'],
  [60, 'min', 1, 's'],
];

/** `12,345` */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** `1 file`, `3 files`. */
export function formatMany(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function two(value: number): string {
  return String(value).padStart(2, '0');
}
