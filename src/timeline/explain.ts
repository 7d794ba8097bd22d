import { plural } from '../lib/plural.ts';
import { formatBytes } from '../lib/size.ts';
import type { Boot } from './boot.ts';
import { archNamed, type Case, type Finding, isComplete, some } from './case.ts';
import {
  type Certainty,
  type Explanation,
  type Facts,
  NO_FACTS,
  type Reason,
  type Verdict,
} from './explanation.ts';
import { ADDRESS_RULES, isIgnored } from './rules-address.ts';
import { FILE_RULES } from './rules-files.ts';
import { isLastProgram, LOADER_RULES } from './rules-loader.ts';
import { type BootedFile, type BootView, filesOf, viewOf } from './view.ts';

/** What is explained: a boot, and what its machine said of itself. */
export type Story = { readonly boot: Boot; readonly arch?: string | undefined };

/** All files of a boot arrived, and nothing more is asked for: by then a kernel runs. */
const SETTLED_MS = 5_000;

/** Nothing is heard, and nothing tells why. */
const FORGOTTEN_MS = 600_000;

/**
 * What became of a boot, and why. Pure: a table of rules, each of which looks for one thing. Sure reasons come first, then those that
 * are likely; among equals, what comes nearest to the end of the boot.
 *
 *     explain({ boot, arch: 'x86PC' }, facts, Date.now()).headline // 'did not boot: vmlinuz is there, and nobody, …'
 */
export function explain(story: Story, facts: Facts = NO_FACTS, now = story.boot.last): Explanation {
  return explainView(viewOf(story.boot), story, { facts, now });
}

/** The same, of a view that was made already. */
export function explainView(
  view: BootView,
  { arch: name }: Pick<Story, 'arch'>,
  { facts, now }: { readonly facts: Facts; readonly now: number },
): Explanation {
  const arch = archNamed(name);
  const about: Case = { view, facts, quietMs: Math.max(0, now - view.moved), ...(arch && { arch }) };
  const found = findingsOf(about);
  const verdict = verdictOf(about, found);
  const told = found.filter(({ note, fatalMs, code }) => {
    // What goes well has no reasons, and what goes on has none yet.
    if (verdict === 'booted') return note;
    if (verdict === 'files') return !OF_BOOTS.has(code);
    return verdict !== 'booting' || fatalMs === undefined;
  });
  const reasons = told.map(plainReason);
  const missing = NOTHING_MISSING.has(verdict) ? undefined : missingStep(view);
  const headline = headlineOf(verdict, { about, found, missing });
  return { verdict, headline, reasons, ...(missing !== undefined && { missing }) };
}

const NOTHING_MISSING: ReadonlySet<Verdict> = new Set(['booted', 'ignored', 'files']);

/** Reasons that expect a loader to run. */
const OF_BOOTS: ReadonlySet<string> = new Set(['loader-silent', 'loop']);

const RANKS: Readonly<Record<Certainty, number>> = { sure: 0, likely: 1, possible: 2 };

/** Files come last in a boot, and explain most. */
function findingsOf(about: Case): Finding[] {
  const found = [...FILE_RULES, ...LOADER_RULES, ...ADDRESS_RULES].flatMap((rule) => rule(about) ?? []);
  // What ends a boot comes before what is worth a remark.
  const weight = ({ certainty, fatalMs }: Finding) => RANKS[certainty] * 2 + (fatalMs === undefined ? 1 : 0);
  return found.sort((a, b) => weight(a) - weight(b));
}

function plainReason({ code, text, fix, certainty }: Finding): Reason {
  return { code, text, ...(fix !== undefined && { fix }), certainty };
}

function verdictOf(about: Case, found: readonly Finding[]): Verdict {
  const { view, quietMs } = about;
  if (view.local || view.installed || view.reported) return 'booted';
  if (view.filesOnly) return 'files';
  if (isComplete(view)) return view.system || quietMs >= SETTLED_MS ? 'booted' : 'booting';
  if (isIgnored(about, found)) return 'ignored';
  if (found.some(({ fatalMs }) => fatalMs !== undefined && quietMs >= fatalMs)) return 'failed';
  if (isLastProgram(view) && quietMs >= SETTLED_MS) return 'booted';
  if (view.system) return 'unknown';
  return quietMs > FORGOTTEN_MS ? 'unknown' : 'booting';
}

type Told = {
  readonly about: Case;
  readonly found: readonly Finding[];
  readonly missing: string | undefined;
};

function headlineOf(verdict: Verdict, { about, found, missing }: Told): string {
  const { view } = about;
  const [first] = found;
  switch (verdict) {
    case 'booted':
      return bootedLine(view);
    case 'failed': {
      const cause = found.find(({ fatalMs }) => fatalMs !== undefined && about.quietMs >= fatalMs) ?? first;
      return `did not boot: ${cause?.text ?? 'nothing tells why'}`;
    }
    case 'ignored':
      return first?.text ?? 'nothing of it was answered';
    case 'booting':
      return `is booting: ${progressLine(view)}`;
    case 'files':
      return filesLine(view);
    case 'unknown':
      return view.system && view.reached === 'address'
        ? 'runs a system, and was not seen to boot from here'
        : `was not heard of any more: ${progressLine(view)}${missing === undefined ? '' : `, and ${missing} never came`}`;
  }
}

function bootedLine(view: BootView): string {
  if (view.local) return 'was told to start its own disk';
  const done = view.files.filter(({ state }) => state === 'done');
  const seconds = Math.max(0, view.last - view.began) / 1000;
  const what =
    view.profile ?? filesOf(view, 'payload').find(({ state }) => state === 'done')?.file ?? done.at(-1)?.file;
  const files = `${plural(done.length, 'file')}, ${formatBytes(view.bytes)} in ${seconds.toFixed(1)} s`;
  if (view.installed)
    return `got through profile ${view.profile}; from now on it boots ${view.installed.detail}`;
  return what === undefined ? 'runs its system' : `booted ${what} (${files})`;
}

function filesLine({ files, marks, bytes }: BootView): string {
  const namesOf = (...states: BootedFile['state'][]) =>
    files.filter(({ state }) => states.includes(state)).map(({ file }) => file);
  const got = namesOf('done');
  if (got.length > 0) return `fetched files only, and boots nothing: ${some(got)} (${formatBytes(bytes)})`;
  const open = namesOf('open');
  if (open.length > 0) return `fetches files only, and boots nothing: ${some(open)}`;
  const sent = marks.flatMap(({ what, file }) => (what === 'sent' && file !== undefined ? [file] : []));
  if (sent.length > 0) return `sent files only, and boots nothing: ${some(sent)}`;
  const asked = namesOf('refused', 'failed', 'probed');
  return `asked for files only, and boots nothing: ${some(asked)}`;
}

/** How far it came, as a clause. */
export function progressLine(view: BootView): string {
  const last = view.files.findLast(({ state }) => state === 'open' || state === 'done');
  switch (view.reached) {
    case 'address':
      if (!view.address) return view.offered || view.told ? 'it was answered' : 'it asks for an address';
      return `it has the address ${view.address.ip}`;
    case 'loader':
      return last ? `it ${last.state === 'open' ? 'is fetching' : 'has'} ${last.file}` : 'it has its loader';
    case 'config':
      return `it has its configuration${view.profile === undefined ? '' : `, made from profile ${view.profile}`}`;
    case 'kernel':
    case 'initrd':
      return last
        ? `it ${last.state === 'open' ? 'is fetching' : 'has'} ${last.file}`
        : 'it is loading its system';
    case 'system':
      return 'its system runs';
  }
}

/** What comes after the step that was reached. */
function missingStep(view: BootView): string | undefined {
  const open = view.files.find(
    ({ state, role }) => state !== 'done' && state !== 'probed' && role === 'payload',
  );
  if (open) return `the whole of ${open.file}`;
  switch (view.reached) {
    case 'address': {
      if (!view.address) return view.offered ? 'its REQUEST for the address' : 'an address';
      const told = view.told4011 ?? view.told ?? view.offered;
      if (told?.later && !view.told4011) return 'its question to port 4011';
      return told?.file === undefined ? 'a request for a file' : `its request for ${told.file}`;
    }
    case 'loader':
      return 'its configuration';
    case 'config':
      return view.local ? undefined : 'its request for a kernel';
    case 'kernel':
    case 'initrd':
    case 'system':
      return undefined;
  }
}
