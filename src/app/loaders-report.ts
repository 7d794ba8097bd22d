import { archCode, archOf, sameArchs } from '../boot/arch-table.ts';
import { LOADER_NAMES, LOADER_SOURCES, type LoaderName, USUAL_ARCHS } from '../boot/loader-sources-table.ts';
import { nearNames } from '../lib/near.ts';
import { checkRoot } from './check-root.ts';
import { EXIT } from './exit-codes.ts';
import { installLoaders, type LoaderOutcome } from './install-loaders.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';

export type LoadersIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Where the distribution's files are looked for; `/` unless in tests. */
  readonly from?: string;
};

export type LoadersQuestion = {
  readonly root: string;
  /** Names or numbers of option 93 with commas; the usual ones when absent. */
  readonly arch?: string;
  /** Names of loaders with commas; all when absent. */
  readonly only?: string;
  readonly force?: boolean;
};

/**
 * `pxectl loaders install`: copies loaders into a boot root and tells what became of each. Resolves to the exit code: 0 when all
 * are there now, 1 when one is missing, was kept or failed, 2 for a wrong command line.
 */
export async function reportLoaders(question: LoadersQuestion, io: LoadersIo): Promise<number> {
  const archs = archsOf(question.arch);
  const loaders = loadersOf(question.only);
  for (const problem of [archs, loaders]) {
    if (typeof problem !== 'string') continue;
    io.err.write(`pxectl: ${problem}\n`);
    return EXIT.USAGE;
  }
  if (typeof archs === 'string' || typeof loaders === 'string') return EXIT.USAGE;
  if (
    !LOADER_SOURCES.some(
      (one) => archs.includes(one.arch) && one.loaders.some((each) => loaders.includes(each)),
    )
  ) {
    const machines = archs.map((arch) => archOf(arch).name).join(' and ');
    io.err.write(`pxectl: Nothing to install: there is no ${loaders.join(' and no ')} for ${machines}\n`);
    return EXIT.USAGE;
  }
  try {
    const root = checkRoot(question.root);
    const from = io.from === undefined ? {} : { from: io.from };
    const outcomes = await installLoaders({ root, archs, loaders, force: question.force ?? false, ...from });
    io.out.write(describeOutcomes(root, outcomes));
    return outcomes.every(isFine) ? EXIT.OK : EXIT.START;
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem('pxectl', error)}\n`);
    return EXIT.START;
  }
}

function isFine({ outcome, source }: LoaderOutcome): boolean {
  return outcome !== 'kept' && outcome !== 'failed' && (outcome !== 'missing' || source.optional === true);
}

/** The codes, or what is wrong with the list. */
function archsOf(list: string | undefined): readonly number[] | string {
  if (list === undefined) return USUAL_ARCHS;
  const known = [...new Set(LOADER_SOURCES.map(({ arch }) => arch))];
  const found: number[] = [];
  for (const name of wordsOf(list)) {
    const code = archCode(name);
    const one = code === undefined ? undefined : sameArchs(code).find((each) => known.includes(each));
    if (one === undefined) {
      const names = known.map((each) => archOf(each).name);
      return `Cannot install loaders for "${name}": loaders are known for ${names.join(', ')}`;
    }
    found.push(one);
  }
  return found;
}

function loadersOf(list: string | undefined): readonly LoaderName[] | string {
  if (list === undefined) return LOADER_NAMES;
  const found: LoaderName[] = [];
  for (const name of wordsOf(list)) {
    const one = LOADER_NAMES.find((each) => each === name.toLowerCase());
    if (one === undefined) {
      const [near] = nearNames(name, LOADER_NAMES, 1);
      const hint = near === undefined ? `there are ${LOADER_NAMES.join(', ')}` : `did you mean ${near}?`;
      return `Cannot install "${name}": no such loader; ${hint}`;
    }
    found.push(one);
  }
  return found;
}

function wordsOf(list: string): string[] {
  return list.split(',').map((word) => word.trim());
}

function describeOutcomes(root: string, outcomes: readonly LoaderOutcome[]): string {
  const width = Math.max(0, ...outcomes.map(({ source }) => source.to.length));
  const lines = outcomes.map((one) =>
    `${one.outcome.padEnd(9)} ${one.source.to.padEnd(width)}  ${detailOf(one)}`.trimEnd(),
  );
  return `${[`${root}:`, ...lines, ...missingPackages(outcomes)].join('\n')}\n`;
}

function detailOf({ outcome, source, from, files, why }: LoaderOutcome): string {
  const origin = from === undefined ? '' : `${files === undefined ? '' : `${files} files of `}${from}`;
  switch (outcome) {
    case 'copied':
    case 'replaced':
    case 'same':
      return origin;
    case 'kept':
      return `${files === undefined ? '' : `${files} files `}not the same as ${from}; --force replaces`;
    case 'failed':
      return `${why ?? ''}${from === undefined ? '' : ` (${origin})`}`;
    case 'missing': {
      const { debian, fedora } = source;
      const packages = [debian && `${debian.package} (Debian)`, fedora && `${fedora.package} (Fedora)`];
      const list = packages.filter((text) => text !== undefined).join(' or ');
      return `not installed: ${list}${source.optional ? '; boots without it' : ''}`;
    }
  }
}

/** One line to install all that is missing, for each family of distributions. */
function missingPackages(outcomes: readonly LoaderOutcome[]): string[] {
  const missing = outcomes.filter((one) => one.outcome === 'missing').map(({ source }) => source);
  const list = (family: 'debian' | 'fedora') =>
    [...new Set(missing.flatMap((source) => source[family]?.package ?? []))].join(' ');
  const [debian, fedora] = [list('debian'), list('fedora')];
  return [
    ...(debian === '' ? [] : [`Debian:   apt-get install ${debian}`]),
    ...(fedora === '' ? [] : [`Fedora:   dnf install ${fedora}`]),
  ];
}
