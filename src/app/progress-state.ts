import { dirname, join } from 'node:path';
import type { Emit } from '../events/event.ts';
import {
  type BootProgressStore,
  createMemoryProgress,
  createSqliteProgress,
} from '../store/boot-progress.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { PROGRESS_FILE } from './lease-state.ts';
import { StartProblem } from './start-problem.ts';

/**
 * Opens what machines have got through, in a folder from prepareState; in memory without one. Throws StartProblem: to go on
 * without it would have machines installed again.
 */
export function openProgress(folder: string | undefined): BootProgressStore {
  if (folder === undefined) return createMemoryProgress();
  const store = createSqliteProgress(join(folder, PROGRESS_FILE));
  try {
    store.load();
  } catch (error) {
    throw error instanceof StoreProblem ? startProblemOf(error) : error;
  }
  return store;
}

/**
 * For profiles that came with a reload, where no folder was made ready while that was allowed: in memory, and said so, for a
 * restart will have machines installed again.
 */
export function openUnprepared(emit: Emit): BootProgressStore {
  const detail =
    'profiles came with a reload, and there is no state folder yet: what machines install is in memory until pxed is restarted, ' +
    'and then forgotten; restart it before machines are installed';
  emit({ type: 'service.warning', service: 'boot', problem: 'progress-unsaved', detail });
  return createMemoryProgress();
}

function startProblemOf(problem: StoreProblem): StartProblem {
  const { fault, path, message } = problem;
  const text = `Cannot read what machines have installed: ${message}`;
  return new StartProblem(text, FIXES[fault](path), { cause: problem });
}

const FIXES: Readonly<Record<StoreProblem['fault'], (path: string) => string>> = {
  locked: () => 'Stop the other pxed, or give this one a folder of its own: --state',
  damaged: (path) => `Save what can be saved: pxectl rescue ${dirname(path)} (it keeps the damaged file)`,
  newer: () => 'Start the newer pxed, or name another folder: --state',
  foreign: () => 'Move that file away, or name another folder: --state',
  unusable: () => 'Name a folder that can be written to with --state, or keep nothing: --state memory',
};
