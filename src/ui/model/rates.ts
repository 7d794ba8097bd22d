import type { Throughput } from '../api/shapes.ts';

/** Octets a second over time, for the chart. */
export type Rates = {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly tftp: readonly (number | null)[];
  readonly http: readonly (number | null)[];
};

export const NO_RATES: Rates = { at: [], tftp: [], http: [] };

/** Five minutes of seconds. */
const KEPT = 300;
/** Between two looks that are further apart something is missing: the line is broken there. */
const GAP_MS = 5000;

/**
 * One more look at the counters. They count what is under way, too, and so may go back a little when a transfer ends without
 * having been acknowledged: that is no negative rate. Counters that begin anew (pxed was restarted) break the line.
 */
export function withLook(rates: Rates, before: Throughput | undefined, look: Throughput): Rates {
  if (before === undefined) return rates;
  const at = Date.parse(look.at);
  const ms = at - Date.parse(before.at);
  if (ms <= 0) return rates;
  const broken = ms > GAP_MS || look.events < before.events;
  const rate = (now: number, then: number) => (broken ? null : Math.max(0, ((now - then) / ms) * 1000));
  return {
    at: [...rates.at, at / 1000].slice(-KEPT),
    tftp: [...rates.tftp, rate(look.tftpBytes, before.tftpBytes)].slice(-KEPT),
    http: [...rates.http, rate(look.httpBytes, before.httpBytes)].slice(-KEPT),
  };
}

/** The newest, of both. */
export function rateNow({ tftp, http }: Rates): { readonly tftp: number; readonly http: number } {
  return { tftp: tftp.at(-1) ?? 0, http: http.at(-1) ?? 0 };
}
