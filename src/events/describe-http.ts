import { formatBytes } from '../lib/size.ts';
import { because } from './because.ts';
import type { HttpEvent } from './event.ts';

/** One line for people; see {@link describe}. */
export function describeHttp(event: HttpEvent): string {
  const who = event.peer;
  switch (event.type) {
    case 'http.started': {
      const part = event.length === event.sizeBytes ? '' : `${formatBytes(event.length)} of `;
      return `${who} fetches ${event.file} by HTTP (${part}${formatBytes(event.sizeBytes)})`;
    }
    case 'http.done': {
      const rate = event.tookMs > 0 ? `, ${formatBytes((event.bytes * 1000) / event.tookMs)}/s` : '';
      const took = `${formatBytes(event.bytes)} in ${Math.round(event.tookMs)} ms`;
      const made = event.rendered === undefined ? '' : `, made from profile ${event.rendered}`;
      return `${who} got ${event.whole ? '' : 'a part of '}${event.file} by HTTP (${took}${rate}${made})`;
    }
    case 'http.failed': {
      const after = `after ${formatBytes(event.bytes)} and ${Math.round(event.tookMs)} ms`;
      return `${who} did not get ${event.file} by HTTP: ${because(event)} ${after}`;
    }
    case 'http.probed':
      return `${who} asked about ${event.file} by HTTP`;
    case 'http.refused':
      return `${who} cannot have ${event.method} ${event.file} by HTTP (${event.status}): ${because(event)}`;
    case 'http.reported':
      return `${who} reported ${event.file} by HTTP`;
    case 'http.malformed':
      return `${who} sent what is no HTTP request: ${event.why}`;
  }
}
