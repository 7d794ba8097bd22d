import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileExists } from '../boot/settings.ts';
import type { TreeFinding } from '../boot/tree.ts';
import { checkTree } from '../boot/tree-check.ts';
import { defaultConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { harmless } from '../lib/harmless.ts';
import { plural } from '../lib/plural.ts';
import { missingFiles } from './check-files.ts';
import { checkRoot } from './check-root.ts';
import { treeContextOf } from './check-tree.ts';
import { EXIT } from './exit-codes.ts';
import { readConfig } from './read-config.ts';
import { createRootFiles } from './root-files.ts';
import { type RunAs, resolveRunAs } from './run-as.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';
import { lookAtTree, readableBy } from './tree-facts.ts';
import { knownNames } from './tree-names.ts';

export type TreeReportIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Throws what node:fs throws. */
  readonly readText: (file: string) => string;
};

export type TreeQuestion = {
  /** Absent: that of the configuration. */
  readonly root?: string;
  /** A configuration file. */
  readonly config?: string;
  /** Whom pxed will run as. */
  readonly user?: string;
  readonly json?: boolean;
};

const LIMITS = { most: 200_000, budgetMs: 60_000 };

/**
 * `pxectl check`: says what is wrong with a boot root, and what to do. No pxed has to run. Resolves to the exit code: 0 when
 * nothing is (notes do not count), 1 when a machine will stop somewhere or the root cannot be served, 2 for a wrong command
 * line or configuration.
 */
export async function reportTree(question: TreeQuestion, io: TreeReportIo): Promise<number> {
  const config = configOf(question, io);
  if (Array.isArray(config)) return usage(config, io);
  const named = question.root ?? config.tftp.root;
  if (named === undefined)
    return usage(['Which folder? Name it, or a configuration that does (-c FILE)'], io);
  try {
    const root = checkRoot(named);
    const user = resolveRunAs({ user: question.user ?? config.user, group: config.group });
    const findings = await treeFindings({ root, config, user }, io);
    const { complete, looked, found } = findings;
    const text = question.json
      ? `${JSON.stringify({ root, user: user.user, looked, complete, findings: found }, undefined, 2)}\n`
      : describeFindings(root, found, looked);
    io.out.write(text);
    return found.some(({ severity }) => severity === 'problem') ? EXIT.START : EXIT.OK;
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem('pxectl', error)}\n`);
    return EXIT.START;
  }
}

function configOf({ config: file }: TreeQuestion, { readText }: TreeReportIo): Config | string[] {
  return file === undefined ? defaultConfig() : readConfig(file, readText);
}

function usage(problems: readonly string[], { err }: TreeReportIo): number {
  for (const problem of problems) err.write(`pxectl: ${problem}\n`);
  return EXIT.USAGE;
}

export type TreeAbout = { readonly root: string; readonly config: Config; readonly user: RunAs };

/** What is wrong with a boot root, for the user that pxed becomes. Throws StartProblem where the root is out of reach. */
export async function treeFindings({ root, config, user }: TreeAbout, { now }: Pick<TreeReportIo, 'now'>) {
  const facts = await lookAtTree(root, { ...LIMITS, now, mayRead: readableBy(user) });
  const ignoreCase = config.tftp['ignore-case'];
  const exists = createRootFiles(root, { ignoreCase, now });
  const found = [
    ...closedFolders({ root, user }),
    ...checkTree(facts, treeContextOf(config, knownNames(facts, exists, { ignoreCase, most: LIMITS.most }))),
    ...missingFrom(config, exists),
  ];
  return { complete: facts.complete, looked: facts.names.length, found };
}

/** Folders above the root, and the root, that this user cannot pass. */
function closedFolders({ root, user }: Omit<TreeAbout, 'config'>): TreeFinding[] {
  const found: TreeFinding[] = [];
  const mayPass = readableBy(user);
  for (let folder = root; ; folder = dirname(folder)) {
    const stats = statSync(folder);
    // To pass a folder takes no right to list it.
    const passable = folder === root ? stats : Object.assign(stats, { mode: stats.mode | 0o444 });
    if (!mayPass(passable)) {
      const detail = `is closed to ${user.user}, whom pxed becomes: nothing below it can be served`;
      const fix = `chmod a+${folder === root ? 'rx' : 'x'} ${folder}, or choose another --user`;
      found.push({ severity: 'problem', problem: 'unreadable', path: folder, detail, fix });
    }
    if (folder === dirname(folder)) return found;
  }
}

/** What the configuration names and the root does not have, as a finding like the others. */
function missingFrom(config: Config, exists: FileExists): TreeFinding[] {
  const missing = missingFiles({ config, overrides: {} }, exists);
  if (missing === undefined) return [];
  const detail = `names what is not in the root: ${missing}`;
  const fix = 'put it there, or correct the names';
  return [{ severity: 'problem', problem: 'missing-file', path: 'the configuration', detail, fix }];
}

function describeFindings(root: string, findings: readonly TreeFinding[], looked: number): string {
  const count = (severity: TreeFinding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length;
  const [problems, notes] = [count('problem'), count('note')];
  const sum = problems === 0 ? 'no problem' : plural(problems, 'problem');
  const head = `${root}: ${sum}${notes > 0 ? `, ${plural(notes, 'note')}` : ''} (${plural(looked, 'name')} looked at)\n`;
  const lines = findings.map(
    ({ severity, problem, path, detail, fix }) =>
      `\n${severity.padEnd(8)} ${problem}: ${harmless(`${path} ${detail}`)}\n${' '.repeat(9)}${harmless(fix)}\n`,
  );
  return head + lines.join('');
}
