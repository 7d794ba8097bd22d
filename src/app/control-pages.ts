import { consolePage } from '../server/control/console.ts';
import type { MetricSource, Metrics } from '../server/control/metrics.ts';
import { type Page, type Pages, pathOf } from '../server/control/page.ts';
import type { ControlParts } from './control-parts.ts';
import { metricSources } from './metric-sources.ts';
import { isReady } from './service-operations.ts';

/** prom-client is for who asks for metrics. */
export async function loadMetrics(): Promise<(sources: readonly MetricSource[]) => Metrics> {
  const { createMetrics } = await import('../server/control/metrics.ts');
  return createMetrics;
}

/**
 * What is no part of the API: health, for whoever watches over processes and knows no token; metrics; the console.
 */
export function controlPages(parts: ControlParts): Pages {
  let metrics: Promise<Metrics> | undefined;
  const load = async () => (await loadMetrics())(metricSources(parts));
  const files = parts.composed.inside.control?.console;
  return async (request) => {
    const path = pathOf(request);
    switch (path) {
      case '/healthz':
        return plain(200, 'ok');
      case '/readyz':
        return isReady(parts.supervisor.states()) ? plain(200, 'ready') : plain(503, 'not ready');
      case '/metrics': {
        parts.access.admit(request);
        metrics ??= load();
        const { contentType, render } = await metrics;
        return { type: contentType, body: await render() };
      }
      default:
        return path === undefined || !files ? undefined : consolePage(files, path);
    }
  };
}

function plain(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}
