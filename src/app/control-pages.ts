import type { Pages } from '../server/control/page.ts';
import { pathOf } from '../server/control/page.ts';
import type { ControlParts } from './control-parts.ts';
import { isReady } from './service-operations.ts';

/** What is no part of the API: health for whoever watches over processes, metrics, the console. */
export function controlPages({ supervisor }: ControlParts): Pages {
  return (request) => {
    switch (pathOf(request)) {
      case '/healthz':
        return { type: 'text/plain; charset=utf-8', body: 'ok\n' };
      case '/readyz': {
        const ready = isReady(supervisor.states());
        return {
          status: ready ? 200 : 503,
          type: 'text/plain; charset=utf-8',
          body: ready ? 'ready\n' : 'not ready\n',
        };
      }
      default:
        return undefined;
    }
  };
}
