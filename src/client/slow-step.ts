import { formatBytes } from '../lib/size.ts';
import type { Step, StepName } from './step.ts';

/** What these may take before it is worth a remark. */
const SLOW_MS: Readonly<Partial<Record<StepName, number>>> = {
  discover: 1000,
  request: 1000,
  'boot-server': 1000,
  'loader-module': 1000,
  config: 1000,
};
/** Of files: a kernel and initrd of 50 MB then take longer than a minute. */
const SLOW_BYTES_PER_SECOND = 800_000;
const SMALL_FILE_BYTES = 500_000;

/** A remark on a station that took long, where no other says why; never a failure. */
export function slowNote({ step, ok, tookMs, sizeBytes, notes }: Step): string | undefined {
  if (!ok) return undefined;
  const limit = SLOW_MS[step];
  if (limit !== undefined && tookMs > limit && !notes) return `slow, more than ${limit / 1000} s`;
  if (sizeBytes === undefined || sizeBytes < SMALL_FILE_BYTES || tookMs <= 0) return undefined;
  const rate = (sizeBytes / tookMs) * 1000;
  return rate < SLOW_BYTES_PER_SECOND ? `slow, ${formatBytes(rate)} a second` : undefined;
}
