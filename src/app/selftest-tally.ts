import type { Step, Verdict } from '../client/step.ts';
import { harmless } from '../lib/harmless.ts';
import { plural } from '../lib/plural.ts';
import { formatBytes } from '../lib/size.ts';
import { formatMs } from './selftest-report.ts';

export type Sum = {
  readonly booted: number;
  readonly failed: number;
  readonly text: string;
  readonly json: object;
};

/** What many boots came to: how long each station took, and what went wrong how often. */
export type Tally = {
  add(verdict: Verdict, tookMs: number): void;
  /** `wanted`: how many should have been tried. */
  sum(tookMs: number, wanted: number): Sum;
};

/** Of a machine: all of its stations of one kind together. */
const WHOLE = 'whole boot';
/** An example of each failure is told, and the rest counted. */
const LONGEST_DETAIL = 200;
const MOST_REASONS = 50;

export function createTally(): Tally {
  const times = new Map<string, number[]>();
  const reasons = new Map<string, { count: number; readonly example: string }>();
  let booted = 0;
  let failed = 0;
  let bytes = 0;

  function note(what: string, ms: number): void {
    const list = times.get(what);
    if (list) list.push(ms);
    else times.set(what, [ms]);
  }

  function blame({ step, why = 'failed', detail }: Step): void {
    const key = `${step}: ${why}`;
    const known = reasons.get(key);
    if (known) known.count++;
    else if (reasons.size < MOST_REASONS)
      reasons.set(key, { count: 1, example: detail.slice(0, LONGEST_DETAIL) });
  }

  return {
    add(verdict, tookMs) {
      for (const step of verdict.steps) {
        if (step.ok && step.step !== 'release') note(step.step, step.tookMs);
        bytes += step.sizeBytes ?? 0;
      }
      const wrong = verdict.steps.find(({ ok }) => !ok);
      if (wrong) {
        failed++;
        blame(wrong);
        return;
      }
      booted++;
      note(WHOLE, tookMs);
    },
    sum(tookMs, wanted) {
      const seconds = tookMs / 1000 || 1;
      const rows = [...times].map(([what, list]) => ({ what, count: list.length, ...distribution(list) }));
      const failures = [...reasons].map(([reason, { count, example }]) => ({ reason, count, example }));
      const lines = [
        `${'station'.padEnd(14)}${'boots'.padStart(7)}${'p50'.padStart(10)}${'p90'.padStart(10)}${'p99'.padStart(10)}${'max'.padStart(10)}`,
        ...rows.map(
          ({ what, count, p50Ms, p90Ms, p99Ms, maxMs }) =>
            what.padEnd(14) +
            String(count).padStart(7) +
            [p50Ms, p90Ms, p99Ms, maxMs].map((ms) => formatMs(ms).padStart(10)).join(''),
        ),
        ...failures.map(
          ({ reason, count, example }) => `${plural(count, 'machine')} failed at ${reason}: ${example}`,
        ),
        `${booted} of ${plural(wanted, 'machine')} would boot; ${formatMs(tookMs)}, ${(booted / seconds).toFixed(1)} boots a second, ${formatBytes(bytes / seconds)} a second`,
      ];
      const json = {
        ok: booted === wanted,
        wanted,
        booted,
        failed,
        tookMs: Math.round(tookMs),
        bootsPerSecond: Math.round((booted / seconds) * 10) / 10,
        bytesPerSecond: Math.round(bytes / seconds),
        stations: rows.map(({ what, ...row }) => ({ station: what, ...row })),
        failures,
      };
      return { booted, failed, text: `${lines.map(harmless).join('\n')}\n`, json };
    },
  };
}

type Distribution = {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** Nearest rank. */
export function distribution(times: readonly number[]): Distribution {
  const sorted = Float64Array.from(times).sort();
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const rounded = (ms: number) => Math.round(ms * 10) / 10;
  return {
    p50Ms: rounded(rank(0.5)),
    p90Ms: rounded(rank(0.9)),
    p99Ms: rounded(rank(0.99)),
    maxMs: rounded(sorted.at(-1) ?? 0),
  };
}
