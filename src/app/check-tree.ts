import { archCode } from '../boot/arch-table.ts';
import type { FileExists } from '../boot/settings.ts';
import type { TreeFinding } from '../boot/tree.ts';
import { checkTree } from '../boot/tree-check.ts';
import type { TreeContext } from '../boot/tree-loaders.ts';
import type { Config } from '../config/schema.ts';
import type { BootEvent, Emit } from '../events/event.ts';
import { harmless } from '../lib/harmless.ts';
import { bootSettingsOf } from './dhcp-settings.ts';
import { lookAtTree } from './tree-facts.ts';
import { knownNames } from './tree-names.ts';

/** What is looked at beside the serving of clients: near the root lies what matters. */
const AT_START = { most: 20_000, budgetMs: 5000 };

/** Names that the disk is asked about: clients wait meanwhile. */
const MOST_ASKED = 200;

/** Findings that are told one by one. */
const MOST_TOLD = 8;

/** Looks at the boot root while it is served already, and tells what is wrong with it. What cannot be read was told before. */
export function checkTreeSoon(
  about: { readonly root: string; readonly config: Config; readonly exists: FileExists },
  emit: Emit,
): void {
  const { root, config, exists } = about;
  const check = async () => {
    const facts = await lookAtTree(root, { ...AT_START, now: () => performance.now() });
    const known = knownNames(facts, exists, { ignoreCase: config.tftp['ignore-case'], most: MOST_ASKED });
    for (const event of treeWarnings(checkTree(facts, treeContextOf(config, known)), root)) emit(event);
  };
  check().catch((error: unknown) => {
    emit(warning('tree-unchecked', `${root} could not be looked through: ${String(error)}`));
  });
}

/** What rules have to know beside the tree. */
export function treeContextOf(config: Config, exists: FileExists): TreeContext {
  return {
    exists,
    settings: bootSettingsOf(config.boot),
    ruled: ruledFiles(config),
    rendered: Object.keys(config.profiles).length > 0,
  };
}

/** Files of rules and of the firmware's menu that are for some architectures alone. */
function ruledFiles({ rules, boot }: Config): { arch: number; file: string }[] {
  const named = [
    ...rules.map(({ match, then }) => ({ archs: match.arch, file: then.filename })),
    ...(boot.menu?.entries ?? []).map(({ arch, filename }) => ({ archs: arch, file: filename })),
  ];
  return named.flatMap(({ archs = [], file }) =>
    file === undefined ? [] : archs.map((name) => ({ arch: archCode(String(name)) ?? Number(name), file })),
  );
}

/** Problems as warnings, the first ones in full; notes are for `pxectl check`. */
export function treeWarnings(findings: readonly TreeFinding[], root: string): BootEvent[] {
  const problems = findings.filter(({ severity }) => severity === 'problem');
  const told = problems
    .slice(0, MOST_TOLD)
    .map(({ problem, path, detail, fix }) => warning(problem, harmless(`${path} ${detail}; ${fix}`)));
  const more = problems.length - told.length;
  if (more <= 0) return told;
  return [
    ...told,
    warning('more-problems', `${more} more problems in ${root}: pxectl check ${root} names them`),
  ];
}

function warning(problem: string, detail: string): BootEvent {
  return { type: 'service.warning', service: 'tree', problem, detail };
}
