import type { Stamped } from './bus.ts';
import type { BootEvent } from './event.ts';

/** Counts what happens, by plain integers: nothing is allocated for an event whose words were seen before. */
export type EventCounts = {
  /** For the bus. */
  hear(stamped: Stamped): void;
  /** How often each type of event was seen. */
  readonly types: ReadonlyMap<string, number>;
  /** Why, by type: codes of ours alone, and `other` past a bound. */
  readonly reasons: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Octets of files that ended, well or not. */
  readonly bytes: Readonly<Record<Direction, number>>;
  readonly retransmissions: number;
  /** How long files took that were delivered. */
  readonly durations: Readonly<Record<'tftp' | 'http', Histogram>>;
  /** What pxed is on each interface. */
  readonly roles: ReadonlyMap<string, 'server' | 'proxy'>;
};

export type Direction = 'tftpSent' | 'tftpReceived' | 'httpSent';

/** `counts[i]`: how many took at most `BOUNDS_MS[i]`, and longer than the bound before it; the last for those past all bounds. */
export type Histogram = { readonly counts: readonly number[]; readonly sumMs: number };

/** From a small configuration at 10 Gbit/s to an installer's image for a slow ROM. */
export const BOUNDS_MS: readonly number[] = [5, 25, 100, 500, 1000, 5000, 15_000, 60_000, 300_000];

/** Reasons of one type that are told apart. */
const REASONS_MOST = 64;

export function createEventCounts(): EventCounts {
  const types = new Map<string, number>();
  const reasons = new Map<string, Map<string, number>>();
  const bytes = { tftpSent: 0, tftpReceived: 0, httpSent: 0 };
  const durations = { tftp: emptyHistogram(), http: emptyHistogram() };
  const roles = new Map<string, 'server' | 'proxy'>();
  let retransmissions = 0;

  function because(event: BootEvent, reason: string): void {
    let known = reasons.get(event.type);
    if (!known) {
      known = new Map();
      reasons.set(event.type, known);
    }
    const word = known.has(reason) || (known.size < REASONS_MOST && isCode(reason)) ? reason : 'other';
    known.set(word, (known.get(word) ?? 0) + 1);
  }

  return {
    types,
    reasons,
    bytes,
    durations,
    roles,
    get retransmissions() {
      return retransmissions;
    },
    hear({ event }) {
      types.set(event.type, (types.get(event.type) ?? 0) + timesOf(event));
      const reason = reasonOf(event);
      if (reason !== undefined) because(event, reason);
      switch (event.type) {
        case 'tftp.done':
        case 'tftp.failed':
          bytes[event.write ? 'tftpReceived' : 'tftpSent'] += event.bytes;
          retransmissions += event.retransmissions;
          if (event.type === 'tftp.done') addTo(durations.tftp, event.tookMs);
          break;
        case 'http.done':
        case 'http.failed':
          bytes.httpSent += event.bytes;
          if (event.type === 'http.done') addTo(durations.http, event.tookMs);
          break;
        case 'dhcp.role':
          roles.set(event.interface, event.role);
      }
    },
  };
}

/** What a counter's label may be: a word of ours, and nothing that a stranger sent. */
function isCode(word: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,47}$/.test(word);
}

function timesOf(event: BootEvent): number {
  return event.type === 'dhcp.malformed' ? 1 + (event.unreported ?? 0) : 1;
}

function reasonOf(event: BootEvent): string | undefined {
  switch (event.type) {
    case 'dhcp.ignored':
    case 'dhcp.nak':
    case 'dhcp.malformed':
    case 'dhcp.no-address':
    case 'bootp.ignored':
    case 'tftp.malformed':
    case 'http.malformed':
      return event.why;
    case 'tftp.failed':
    case 'tftp.refused':
    case 'http.failed':
    case 'http.refused':
      return event.failure;
    case 'service.warning':
      return event.problem;
    default:
      return undefined;
  }
}

type Filling = { counts: number[]; sumMs: number };

function emptyHistogram(): Filling {
  return { counts: new Array<number>(BOUNDS_MS.length + 1).fill(0), sumMs: 0 };
}

function addTo(histogram: Filling, ms: number): void {
  let at = 0;
  while (at < BOUNDS_MS.length && ms > BOUNDS_MS[at]!) at++;
  histogram.counts[at]!++;
  histogram.sumMs += ms;
}
