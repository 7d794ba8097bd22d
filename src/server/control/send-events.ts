import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { SentEvent } from './route.ts';

/** A comment this often tells proxies, and us, that both ends are there. */
const BEAT_MS = 15_000;

/** Server-sent events until the source ends or whoever listens is gone; never faster than they are read. */
export async function sendEvents(response: ServerResponse, events: AsyncIterable<SentEvent>): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(': pxed\n\n');
  const beat = setInterval(() => {
    // Where nobody reads, it would only grow what waits.
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, BEAT_MS);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    for await (const event of events) {
      if (gone.signal.aborted) break;
      if (!response.write(formatEvent(event))) await once(response, 'drain', { signal: gone.signal });
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    clearInterval(beat);
    response.end();
  }
}

/** JSON has no line break, so that one `data` line holds it. */
export function formatEvent({ event, data, id }: SentEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
