import { readFileSync } from 'node:fs';
import type { Difference } from '../config/edit-diff.ts';
import { valueAt } from '../config/edit-json.ts';
import { type EditPath, type Json, parseEditPath } from '../config/edit-path.ts';
import { inline, parseEditValue, valueText } from '../config/edit-value.ts';
import { configSchema } from '../config/json-schema.ts';
import type { ConfigProblem, SaveAsk, Saved } from '../server/control/config-routes.ts';
import { type ConfigPlace, configFilePlace } from './config-place.ts';
import { ControlProblem } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { printJson } from './output/json.ts';
import { harmless } from './output/table.ts';
import { problemLine } from './problem-line.ts';
import { whyUnreadable } from './why-unreadable.ts';

type Asked = { readonly json?: boolean };

/** `pxectl config show`: the file as it is, or what is in force. */
export async function reportConfig(
  place: ConfigPlace,
  { json, effective }: Asked & { readonly effective?: boolean },
  { out, err }: ReportIo,
): Promise<number> {
  const view = await place.view();
  if (json) printJson(out, effective ? view.effective : view);
  else if (effective) out.write(`${harmlessLines(valueText(view.effective as Json))}\n`);
  else if (view.text !== undefined) out.write(view.text.endsWith('\n') ? view.text : `${view.text}\n`);
  else return cannotShow(view.problems, err);
  return EXIT.OK;
}

function cannotShow(problems: readonly ConfigProblem[], err: ReportIo['err']): number {
  const why =
    problems[0]?.message ??
    'pxed was started without a configuration file; --effective shows what is in force';
  err.write(`pxectl: ${harmless(why)}\n`);
  return EXIT.START;
}

/** `pxectl config get`: a value that is in force, its default where nothing is said. */
export async function reportValue(
  place: ConfigPlace,
  { json, path }: Asked & { readonly path: string },
  { out, err }: ReportIo,
): Promise<number> {
  const { effective } = await place.view();
  const value = valueAt(effective as Json, placeOf(path));
  if (value === undefined) {
    err.write(`pxectl: ${harmless(path)} is not set\n`);
    return EXIT.NOT_FOUND;
  }
  if (json) printJson(out, value);
  else out.write(`${harmlessLines(valueText(value))}\n`);
  return EXIT.OK;
}

/** `pxectl config set` and `unset`. */
export async function reportChange(
  place: ConfigPlace,
  { json, ...ask }: Asked & SaveAsk,
  { out, err }: ReportIo,
): Promise<number> {
  const saved = await refusingInWords(() => place.save(ask), err);
  if (typeof saved === 'number') return saved;
  if (json) printJson(out, saved);
  else
    for (const line of savedLines(saved, place.live && ask.apply !== false)) out.write(`${harmless(line)}\n`);
  for (const problem of saved.problems) err.write(`pxectl: saved, but not in force: ${harmless(problem)}\n`);
  for (const warning of saved.warnings ?? []) err.write(`pxectl: warning: ${harmless(warning)}\n`);
  return saved.problems.length > 0 ? EXIT.START : EXIT.OK;
}

/** `pxectl config check [file]`. */
export async function reportCheck(
  place: ConfigPlace,
  { json }: Asked,
  { out, err }: ReportIo,
): Promise<number> {
  const { file, problems, needsRestart } = await place.view();
  if (json) printJson(out, { file, problems, needsRestart });
  else if (problems.length > 0)
    for (const problem of problems) err.write(`${harmless(problemLine(problem))}\n`);
  else {
    const waits = needsRestart.length > 0 ? `; waits for a restart of pxed: ${needsRestart.join(', ')}` : '';
    out.write(`${harmless(`${file ?? 'command line'}: no mistakes${waits}`)}\n`);
  }
  return problems.length > 0 ? EXIT.START : EXIT.OK;
}

/** The file of `pxectl config check FILE`, which must be there. */
export function existingFilePlace(file: string): ConfigPlace {
  try {
    readFileSync(file);
  } catch (error) {
    throw new ControlProblem('missing', `Cannot read ${file}: ${whyUnreadable(error)}`, { status: 404 });
  }
  return configFilePlace(file);
}

/** `pxectl config schema`. */
export function reportSchema({ out }: Pick<ReportIo, 'out'>): number {
  printJson(out, configSchema());
  return EXIT.OK;
}

/** `PATH VALUE PATH VALUE …` as what is to be set. Throws ControlProblem, as for a word too few. */
export function wishesOf(words: readonly string[]): { [place: string]: Json } {
  if (words.length === 0 || words.length % 2 !== 0) {
    throw usage(`Which value? Each place needs one: pxectl config set tftp.port 1069`);
  }
  const set: { [place: string]: Json } = {};
  for (let at = 0; at < words.length; at += 2) {
    const [place, text] = [words[at]!, words[at + 1]!];
    placeOf(place);
    const value = parseEditValue(text);
    if (!value.ok) throw usage(value.message);
    if (Object.hasOwn(set, place)) throw usage(`${place} is named twice`);
    set[place] = value.value;
  }
  return set;
}

export function placeOf(text: string): EditPath {
  const parsed = parseEditPath(text);
  if (parsed.ok) return parsed.path;
  throw usage(parsed.message);
}

function usage(message: string): ControlProblem {
  return new ControlProblem('usage', message, { status: 400 });
}

/** What a save came to; for a refusal with a list of mistakes, those in lines, and the exit code. */
export async function refusingInWords(
  act: () => Promise<Saved>,
  err: ReportIo['err'],
): Promise<Saved | number> {
  try {
    return await act();
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.length === 0) throw error;
    for (const problem of problems) err.write(`${harmless(problemLine(problem))}\n`);
    err.write('pxectl: nothing was changed\n');
    return EXIT.START;
  }
}

/** The mistakes that a refusal is about, each with its place. */
export function problemsOf(error: unknown): readonly ConfigProblem[] {
  if (!(error instanceof ControlProblem) || error.code !== 'config-problems') return [];
  const { problems } = error.details as { readonly problems: readonly ConfigProblem[] };
  return problems;
}

/** What changed, and when it holds. */
export function savedLines(
  { file, saved, changed, applied, needsRestart }: Saved,
  wasAsked: boolean,
): string[] {
  if (!saved) return [`${file} says so already`];
  const lines = changed.map(changeLine);
  if (applied) return [...lines, `saved in ${file}, and in force`];
  if (needsRestart.length > 0) {
    return [
      ...lines,
      `saved in ${file}; in force after a restart of pxed, which ${needsRestart.join(', ')} needs`,
    ];
  }
  return [
    ...lines,
    wasAsked ? `saved in ${file}` : `saved in ${file}; in force when pxed reads it (pxectl reload)`,
  ];
}

function changeLine({ path, before, after }: Difference | Saved['changed'][number]): string {
  const text = (value: unknown): string => (value === undefined ? 'not set' : inline(value as Json));
  return `${path}: ${text(before)} -> ${text(after)}`;
}

/** Of what somebody else wrote, line by line. */
function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}
