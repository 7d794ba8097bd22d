import type { LogEvent } from '../api/shapes.ts';

/** A line of the log, with a number of its own. */
export type LogLine = LogEvent & { readonly number: number };

export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

/** Lines that are kept; the oldest go. */
export const LINES_MOST = 1000;

export function withLines(lines: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  return more.length === 0 ? lines : [...lines, ...more].slice(-LINES_MOST);
}

export type LogFilter = {
  /** This level, and what is worse. */
  readonly level: Level;
  readonly text: string;
  /** `dhcp`, `tftp`, …; all when empty. */
  readonly kind: string;
};

export function isShown(line: LogLine, { level, text, kind }: LogFilter): boolean {
  if (LEVELS.indexOf(line.level) > LEVELS.indexOf(level)) return false;
  if (kind !== '' && !line.type.startsWith(`${kind}.`)) return false;
  const all = `${line.type} ${line.text}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
