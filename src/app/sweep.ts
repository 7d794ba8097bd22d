import type { Emit } from '../events/event.ts';
import { harmless } from '../lib/harmless.ts';
import { sweepUploads } from '../store/stale-uploads.ts';

/** No client is waited for this long (tftp/rtt); a file that was not written to since belongs to nobody. */
const STALE_MS = 150_000;

/**
 * Removes what uploads left behind when pxed was killed: now, and once more when what it left just before it was started
 * again has become old enough to tell.
 */
export function sweepSoon(root: string, emit: Emit): void {
  const sweep = async () => {
    const swept = await sweepUploads(root, STALE_MS);
    if (swept.length === 0) return;
    const detail = `removed ${swept.length} unfinished uploads of a server that did not end well: ${swept.slice(0, 3).join(', ')}${swept.length > 3 ? ', …' : ''}`;
    emit({ type: 'service.warning', service: 'tftp', problem: 'stale-uploads', detail: harmless(detail) });
  };
  void sweep();
  setTimeout(sweep, STALE_MS + 1_000).unref();
}
