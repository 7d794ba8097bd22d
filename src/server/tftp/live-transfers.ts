import type { LiveTransfer } from '../live-transfer.ts';
import type { Transfer } from './transfer.ts';

/** The transfers that have not ended, on the clock of `now`. */
export function liveTransfers(all: Iterable<Transfer>, now: number): LiveTransfer[] {
  const live: LiveTransfer[] = [];
  for (const { over, peer, file, content, session, startedAt } of all) {
    if (over) continue;
    const size = 'sizeBytes' in session ? session.sizeBytes : undefined;
    live.push({
      ...{ protocol: 'tftp', peer: peer.peer, file, write: content.kind === 'write' },
      bytes: session.stats().bytes,
      // Infinity where the length shows on the way.
      ...(typeof size === 'number' && Number.isFinite(size) && { totalBytes: size }),
      startedMsAgo: Math.round(now - startedAt),
    });
  }
  return live;
}
