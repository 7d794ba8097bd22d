import { ControlProblem } from '../control-client.ts';
import type { Status } from '../status-shape.ts';
import { type Finding, good, problem, unknown, warning } from './finding.ts';

/** What a pxed that runs says of itself. `status` rejects with ControlProblem. */
export async function checkRunning(
  status: () => Promise<Status>,
): Promise<{ readonly status?: Status; readonly findings: Finding[] }> {
  try {
    const told = await status();
    return { status: told, findings: findingsOf(told) };
  } catch (error) {
    if (!(error instanceof ControlProblem)) throw error;
    if (error.code === 'no-pxed') return { findings: [] };
    return { findings: [unknown('running', error.message)] };
  }
}

function findingsOf({ tool, version, pid, ready, services }: Status): Finding[] {
  const found = services.flatMap(({ name, state, lastError, restarts }) => {
    const why = lastError === undefined ? '' : `: ${lastError}`;
    if (state === 'failed' || state === 'backing-off') {
      return [
        problem(
          'service-failed',
          `the service ${name} has failed${why}`,
          `pxectl restart ${name}, and see the log`,
        ),
      ];
    }
    if (state === 'halted') {
      return [
        warning(
          'service-halted',
          `the service ${name} is halted: somebody stopped it`,
          `pxectl start ${name}`,
        ),
      ];
    }
    if (restarts > 0) {
      const text = `the service ${name} failed since the start, and was started again${why}`;
      return [warning('service-restarted', text, 'See the log: its errors say why')];
    }
    return [];
  });
  if (found.length === 0 && !ready) {
    return [
      warning(
        'not-ready',
        `${tool}, pid ${pid}, does not answer all requests yet`,
        'pxectl status says which service',
      ),
    ];
  }
  return found.length > 0
    ? found
    : [good('running', `${tool} ${version} runs, pid ${pid}, and all its services answer`)];
}
