import { statSync } from 'node:fs';
import type { TreeFinding } from '../../boot/tree.ts';
import { plural } from '../../lib/plural.ts';
import { type RunAs, resolveRunAs } from '../run-as.ts';
import { StartProblem } from '../start-problem.ts';
import { treeFindings } from '../tree-report.ts';
import { type Finding, good, problem, warning } from './finding.ts';
import type { Patient } from './patient.ts';

/** Findings of the tree that are told one by one; `pxectl check` has them all. */
const MOST = 12;

/** The boot root, as `pxectl check` sees it; `now` in milliseconds, never going back. */
export async function checkRootFiles({ root, config }: Patient, now: () => number): Promise<Finding[]> {
  if (root === undefined) return [];
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    return [problem('no-root', `there is no folder ${root}`, `mkdir -p ${root}`)];
  }
  const user = userOf(config);
  if ('severity' in user) return [user];
  const { found, looked } = await treeFindings({ root, config, user }, { now });
  const wrong = found.filter(({ severity }) => severity === 'problem');
  if (wrong.length === 0) return [good('files', `${root}: nothing is wrong with ${plural(looked, 'name')}`)];
  const told = wrong.slice(0, MOST).map(findingOf);
  const more = wrong.length - told.length;
  if (more === 0) return told;
  return [...told, warning('files', `${more} more findings in ${root}`, `pxectl check ${root} names them`)];
}

function findingOf({ problem: code, path, detail, fix }: TreeFinding): Finding {
  return problem(code, `${path} ${detail}`, fix);
}

function userOf(config: Patient['config']): RunAs | Finding {
  try {
    return resolveRunAs({ user: config.user, group: config.group });
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    return problem('no-user', error.message, 'Name another user, or add it');
  }
}
