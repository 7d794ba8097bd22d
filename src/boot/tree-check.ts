import { folderOf } from './lookups.ts';
import {
  baseOf,
  configLanguage,
  createNear,
  type TreeFacts,
  type TreeFinding,
  type TreeLink,
} from './tree.ts';
import { configFindings } from './tree-configs.ts';
import { loaderFindings, type TreeContext } from './tree-loaders.ts';
import { moduleFindings } from './tree-modules.ts';
import { LOADER_NAME } from './tree-rules-table.ts';

/**
 * What is wrong with a boot tree, before a machine finds out: problems first, each with what to do. Pure: what was found of
 * the tree comes as `facts`, further names are asked of `context.exists`.
 */
export function checkTree(facts: TreeFacts, context: TreeContext): TreeFinding[] {
  const nowhere = new Set(facts.links.map(({ path }) => path));
  const nearOf = createNear(facts.names.filter((name) => !nowhere.has(name)));
  const findings = [
    ...facts.unreadable.map(unreadable),
    ...loaderFindings(facts, context),
    ...configFindings(facts, context.exists),
    ...moduleFindings(facts),
    ...facts.links.map((link) => linkFinding(link, nearOf)),
    ...(facts.complete ? [] : [largeTree(facts)]),
  ];
  return [
    ...findings.filter(({ severity }) => severity === 'problem'),
    ...findings.filter(({ severity }) => severity === 'note'),
  ];
}

function unreadable(path: string): TreeFinding {
  const detail = 'cannot be read by the user that pxed runs as';
  return { severity: 'problem', problem: 'unreadable', path, detail, fix: `chmod a+rX ${path}` };
}

/** Links that machines ask for by name are a problem; others may lie in a mirror that nobody looks at. */
function linkFinding(
  { path, target, why }: TreeLink,
  nearOf: (path: string) => string | undefined,
): TreeFinding {
  const asked = configLanguage(path) !== undefined || LOADER_NAME.test(baseOf(path));
  const severity = asked ? 'problem' : 'note';
  if (why === 'outside') {
    const detail = `is a link to ${target}, outside of the root: it is not served`;
    return { severity, problem: 'outside-link', path, detail, fix: 'put a copy there instead of the link' };
  }
  const near = nearOf(folderOf(path) + target.slice(target.lastIndexOf('/') + 1));
  const fix = near === undefined ? 'make what it leads to, or remove it' : `ln -sfn ${near} ${path}`;
  const detail = `is a link to ${target}, which does not exist${near ? `; did you mean ${near}?` : ''}`;
  return { severity, problem: 'dangling-link', path, detail, fix };
}

function largeTree({ names }: TreeFacts): TreeFinding {
  const detail = `only the first ${names.length} names were looked at`;
  const fix = 'nothing: files that loaders ask for are looked up by name all the same';
  return { severity: 'note', problem: 'large-tree', path: '.', detail, fix };
}
