import type { Progress } from './face.ts';

const EVERY_MS = 200;

/** Tells progress a few times a second, and the rate of the last two seconds or so. */
export type Meter = {
  tick(now: number, bytes: number, totalBytes?: number): void;
  end(bytes: number, totalBytes?: number): void;
};

export function createMeter(
  onProgress: ((progress: Progress) => void) | undefined,
  startedAt: number,
): Meter {
  let toldAt = startedAt;
  let toldBytes = 0;
  let rate = 0;

  function tell(now: number, bytes: number, totalBytes: number | undefined): void {
    const seconds = Math.max(now - toldAt, 1) / 1000;
    const latest = (bytes - toldBytes) / seconds;
    rate = rate === 0 ? latest : rate + (latest - rate) * Math.min(1, seconds);
    toldAt = now;
    toldBytes = bytes;
    onProgress?.({
      bytes,
      bytesPerSecond: Math.round(rate),
      ...(totalBytes !== undefined && { totalBytes }),
    });
  }

  return {
    tick(now, bytes, totalBytes) {
      if (onProgress !== undefined && now - toldAt >= EVERY_MS) tell(now, bytes, totalBytes);
    },
    end(bytes, totalBytes) {
      if (onProgress === undefined) return;
      const seconds = Math.max(performance.now() - startedAt, 1) / 1000;
      onProgress({
        bytes,
        bytesPerSecond: Math.round(bytes / seconds),
        ...(totalBytes !== undefined && { totalBytes }),
      });
    },
  };
}
