import type { HttpEvent, TftpEvent } from '../events/event.ts';
import type { Mark, Seen, Weight } from './mark.ts';

export type FileEvent = Exclude<TftpEvent | HttpEvent, { type: 'tftp.malformed' | 'http.malformed' }>;

/** What a transfer, a refusal or the end of a search says. */
export function ofFile(event: FileEvent, at: number): Seen | undefined {
  const { peer } = event;
  const by = event.type.startsWith('tftp') ? 'tftp' : 'http';
  const seen = (mark: Mark, weight: Weight = 1): Seen => ({ peer, mark, weight });
  if (event.type === 'tftp.config') return seen(ofSearch(event, at));
  const { file } = event;
  switch (event.type) {
    case 'tftp.started':
      if (event.write) return undefined;
      return seen({
        what: 'asked',
        at,
        file,
        by,
        ...sizeOf(event),
        ...madeFrom(event),
        blksize: event.blksize,
      });
    case 'http.started':
      return seen({ what: 'asked', at, file, by, ...sizeOf(event), ...madeFrom(event), ...partOf(event) });
    case 'tftp.done':
    case 'http.done': {
      if (event.type === 'tftp.done' && event.write)
        return seen({ what: 'sent', at, file, by, bytes: event.bytes }, 2);
      const { bytes, tookMs, path } = event;
      const whole = event.type === 'tftp.done' || event.whole;
      const resent =
        event.type === 'tftp.done' && event.retransmissions > 0 ? event.retransmissions : undefined;
      return seen(
        {
          ...{ what: 'fetched', at, file, by, bytes, tookMs },
          ...(path !== undefined && { path }),
          ...(!whole && { part: true }),
          ...(resent !== undefined && { resent }),
          ...madeFrom(event),
        },
        2,
      );
    }
    case 'tftp.failed':
    case 'http.failed': {
      if (event.type === 'tftp.failed' && event.write) return undefined;
      const { bytes, tookMs, failure, detail } = event;
      return seen({
        ...{
          what: 'cut-off',
          at,
          file,
          by,
          bytes,
          tookMs,
          ...whyOf({ why: failure, ...(detail !== undefined && { detail }) }),
        },
        ...(event.type === 'tftp.failed'
          ? { resent: event.retransmissions, blksize: event.blksize }
          : sizeOf(event)),
        ...madeFrom(event),
      });
    }
    case 'tftp.probed':
    case 'http.probed':
      return seen({ what: 'probed', at, file, by, ...sizeOf(event) });
    case 'tftp.refused':
    case 'http.refused':
      return ofRefused(event, by, at);
    case 'http.reported':
      return seen({ what: 'reported', at, file, by }, 2);
  }
}

function ofRefused(
  event: Extract<FileEvent, { type: 'tftp.refused' | 'http.refused' }>,
  by: 'tftp' | 'http',
  at: number,
): Seen | undefined {
  const { peer, file, failure, detail, search, optional } = event;
  if (event.type === 'tftp.refused' && event.write) return undefined;
  // The single names of a search; how it ended is told by itself.
  if (search && failure === 'not-found') {
    return { peer, mark: { what: 'looked-for', at, file, by, tried: [file] }, weight: 0 };
  }
  const why = whyOf({ why: failure, ...(detail !== undefined && detail !== 'ENOENT' && { detail }) });
  return {
    peer,
    mark: { what: 'refused', at, file, by, ...why, ...(optional && { optional }) },
    weight: 0,
  };
}

/** Names that one search is remembered by. */
const TRIED_MOST = 24;

function ofSearch(
  { winner, rendered, reason, tried }: Extract<TftpEvent, { type: 'tftp.config' }>,
  at: number,
): Mark {
  const names = tried.length > TRIED_MOST ? tried.slice(-TRIED_MOST) : [...tried];
  if (winner === undefined) return { what: 'not-configured', at, tried: names };
  return {
    ...{ what: 'configured', at, file: winner, tried: names },
    ...(rendered !== undefined && { rendered }),
    ...(reason !== undefined && { reason }),
  };
}

function sizeOf({ sizeBytes }: { readonly sizeBytes?: number }): Pick<Mark, 'size'> {
  return sizeBytes === undefined ? NOTHING : { size: sizeBytes };
}

function partOf({
  length,
  sizeBytes,
}: {
  readonly length: number;
  readonly sizeBytes: number;
}): Pick<Mark, 'part'> {
  return length < sizeBytes ? { part: true } : NOTHING;
}

function madeFrom({ rendered }: { readonly rendered?: string }): Pick<Mark, 'rendered'> {
  return rendered === undefined ? NOTHING : { rendered };
}

const NOTHING = {};

function whyOf({
  why,
  detail,
}: {
  readonly why: string;
  readonly detail?: string;
}): Pick<Mark, 'why' | 'detail'> {
  return detail === undefined ? { why } : { why, detail };
}
