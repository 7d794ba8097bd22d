import { formatBytes } from '../lib/size.ts';
import type { Progress } from '../tftp-client/face.ts';

const BAR = 24;
/** Transfers that are over sooner show none. */
const SHOWN_AFTER_MS = 300;

/**
 * One line about a transfer under way: `vmlinuz  42 % [=====>     ] 3.5 MB of 8.4 MB  64 MB/s  ETA 0:02`, cut to `columns`.
 *
 *     progressLine('vmlinuz', { bytes: 3.5e6, totalBytes: 8.4e6, bytesPerSecond: 64e6 }, 80)
 */
export function progressLine(name: string, progress: Progress, columns: number): string {
  const { bytes, totalBytes, bytesPerSecond } = progress;
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  if (totalBytes === undefined || totalBytes === 0)
    return `${name}  ${formatBytes(bytes)}  ${rate}`.slice(0, columns);
  const share = Math.min(1, bytes / totalBytes);
  const left = bytesPerSecond > 0 ? formatSpan(Math.max(0, totalBytes - bytes) / bytesPerSecond) : '-:--';
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  const amount = `${formatBytes(bytes)} of ${formatBytes(totalBytes)}  ${rate}  ETA ${left}`;
  // What is told last matters most: the bar gets narrower first, then the name loses its beginning.
  const room = columns - ` ${percent} % [] ${amount}`.length;
  const width = Math.max(4, Math.min(BAR, room - name.length));
  const shown = fitting(name, room - width);
  return `${shown} ${percent} % ${barOf(share, width)} ${amount}`.slice(0, columns);
}

/** `[=====>    ]`. */
function barOf(share: number, width: number): string {
  const done = Math.floor(share * width);
  return `[${'='.repeat(done)}${done < width ? '>' : ''}${' '.repeat(Math.max(0, width - done - 1))}]`;
}

/** The end of a name says more than its folders. */
function fitting(name: string, room: number): string {
  return name.length <= room || room < 2 ? name : `…${name.slice(1 - room)}`;
}

/** `1:05`, `2:00:00`. */
export function formatSpan(seconds: number): string {
  const whole = Math.min(Math.ceil(seconds), 359_999);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** What a bar is drawn on. */
export type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

export type ProgressBar = { update(progress: Progress): void; clear(): void };

/** Draws on a terminal, over itself; elsewhere a line a second. `now`: milliseconds. */
export function createProgressBar(name: string, screen: Screen, now: () => number): ProgressBar {
  const startedAt = now();
  let shownAt = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    update(progress) {
      const at = now();
      if (at - startedAt < SHOWN_AFTER_MS || at - shownAt < (screen.isTTY ? 100 : 1000)) return;
      shownAt = at;
      const line = progressLine(name, progress, (screen.columns ?? 80) - 1);
      screen.write(screen.isTTY ? `\r${line}\u001b[K` : `${line}\n`);
      drawn = true;
    },
    clear() {
      if (drawn && screen.isTTY) screen.write('\r\u001b[K');
      drawn = false;
    },
  };
}
