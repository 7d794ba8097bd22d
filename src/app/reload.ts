import type { Emit } from '../events/event.ts';
import { hostWarnings } from './check-addressing.ts';
import type { Composed } from './compose.ts';
import type { Setup, SetupResult } from './setup.ts';

/** What came of a reload: all of it is in force, or nothing of it, and why. */
export type ReloadOutcome =
  /** `warnings`: what nobody means, and that was not so before. */
  | { readonly applied: true; readonly warnings: readonly string[] }
  | {
      readonly applied: false;
      /** Mistakes, as lines for people. */
      readonly problems: readonly string[];
      /** Keys whose change waits for a restart. */
      readonly needsRestart: readonly string[];
    };

/**
 * Applies a configuration that was read again. One with a mistake, or with a change that needs new sockets or another
 * user, changes nothing and says why; transfers and conversations under way are not touched.
 */
export function reload(composed: Composed, read: () => SetupResult, emit: Emit): ReloadOutcome {
  const warn = (problem: string, detail: string) => {
    emit({ type: 'service.warning', service: 'reload', problem, detail });
  };
  const result = read();
  if (!result.ok) {
    for (const problem of result.problems) warn('config', problem);
    warn('config', 'the configuration was not changed');
    return { applied: false, problems: result.problems, needsRestart: [] };
  }
  const fixed = needRestart(composed.setup, result.value);
  if (fixed.length > 0) {
    warn(
      'needs-restart',
      `the configuration was not changed: ${fixed.join(', ')} can only change with a restart`,
    );
    return { applied: false, problems: [], needsRestart: fixed };
  }
  const before = new Set(warned(composed).map(({ detail }) => detail));
  try {
    composed.apply(result.value);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    warn('config', `the configuration was not changed: ${problem}`);
    return { applied: false, problems: [problem], needsRestart: [] };
  }
  emit({ type: 'service.ready', service: 'reload', detail: 'the new configuration is in force' });
  const warnings = warned(composed).filter(({ detail }) => !before.has(detail));
  for (const warning of warnings) emit(warning);
  return { applied: true, warnings: warnings.map(({ detail }) => detail) };
}

function warned({ setup, inside }: Composed): ReturnType<typeof hostWarnings> {
  return hostWarnings(setup.config, inside.facts());
}

/** Keys that decided about sockets, users and the log at start, and are not what they were. */
export function needRestart(before: Setup, after: Setup): string[] {
  const facts = ({ config }: Setup): Record<string, unknown> => ({
    interfaces: config.interfaces?.join(),
    mode: config.mode,
    'rogue-watch': config['rogue-watch'],
    'bootp.enabled': config.bootp.enabled,
    'tftp.enabled': config.tftp.enabled,
    'tftp.port': config.tftp.port,
    'tftp.ports': JSON.stringify(config.tftp.ports),
    'http.enabled': config.http.enabled,
    'http.port': config.http.port,
    'tftp.workers': config.tftp.workers,
    'tftp.single-port': config.tftp['single-port'],
    state: config.state,
    user: config.user,
    group: config.group,
    log: JSON.stringify(config.log),
    // What of it is asked at each request changes as it is.
    control: JSON.stringify({ ...config.control, fetch: undefined, 'upload-max': undefined }),
  });
  const now = facts(after);
  return Object.entries(facts(before))
    .filter(([key, value]) => now[key] !== value)
    .map(([key]) => key);
}
