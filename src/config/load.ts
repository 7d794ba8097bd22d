import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Pair, type YAMLMap } from 'yaml';
import type { z } from 'zod';
import { crossCheck } from './cross-check.ts';
import { whyTooDeep } from './nesting.ts';
import { type Config, schema } from './schema.ts';
import { checkTemplates, withTemplates } from './templates.ts';
import { wordsOf, wordsOfUnion, yamlWords } from './words.ts';
import { yamlDocument } from './yaml-document.ts';

/** One mistake: where it stands (line from 1; YAML path like `networks[0].range`), and what is wrong. */
export type Problem = {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly message: string;
};

export type Loaded =
  | { readonly ok: true; readonly value: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export type LoadOptions = {
  /** Named in problems. */
  readonly file: string;
  /** Names allowed in `boot.arch`, beside numbers. */
  readonly archNames: Iterable<string>;
};

/** A place in the document: keys and list indexes from the top. */
export type Path = readonly PropertyKey[];

/** A mistake before its line is known. */
export type Finding = { readonly path: Path; readonly message: string };

/**
 * Reads a configuration (YAML 1.2). Never throws: all problems come at once, each with its line and path.
 *
 * ```ts
 * const loaded = loadConfig('version: 1\n', { file: 'pxed.yaml', archNames: [] });
 * ```
 */
export function loadConfig(text: string, options: LoadOptions): Loaded {
  const message = whyTooDeep(text);
  if (message !== undefined)
    return { ok: false, problems: [{ file: options.file, line: 1, path: '', message }] };
  const lines = new LineCounter();
  const document = yamlDocument(text, lines);
  const offsetOf = placesIn(document);
  const problem = (offset: number, path: Path, message: string): Problem => ({
    file: options.file,
    line: lines.linePos(offset).line || 1,
    path: formatPath(path),
    message,
  });
  const faults = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (faults.length > 0) {
    return {
      ok: false,
      problems: faults.map((fault) => problem(fault.pos[0], [], yamlWords(fault.message))),
    };
  }
  const checked = schema.safeParse(toData(document), { error: wordsOf });
  const complete = checked.success ? completed(checked.data, options.archNames) : undefined;
  if (complete && !Array.isArray(complete)) return { ok: true, value: complete };
  const findings = complete ?? checked.error?.issues.flatMap(findingsOf) ?? [];
  const problems = findings.map(({ path, message }) => problem(offsetOf(path), path, message));
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line) };
}

/** `pxed.yaml:12: networks[0].range: expected …`. */
export function formatProblem({ file, line, path, message }: Problem): string {
  return `${file}:${line}: ${path ? `${path}: ` : ''}${message}`;
}

/** The configuration of an empty file: what the command line starts from when there is none. */
export function defaultConfig(): Config {
  return schema.parse({ version: 1 });
}

/** What hosts and networks inherit is theirs from here on; or every value that contradicts another. */
function completed(config: Config, archNames: Iterable<string>): Config | Finding[] {
  const unsound = checkTemplates(config);
  if (unsound.length > 0) return unsound;
  const whole = withTemplates(config);
  const findings = crossCheck(whole, archNames);
  return findings.length > 0 ? findings : whole;
}

/** An anchor bomb is a mistake of the file, not of ours. */
function toData(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What zod says of a value that fits no alternative, where the schema says nothing. */
const UNTOLD = 'Invalid input';

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({ path: [...issue.path, key], message: messages[index]! }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path: issue.path, message: issue.issues.map((each) => each.message).join('; ') }];
  }
  if (issue.code === 'invalid_union') {
    // Of alternatives the one is meant whose outer form fits: its mistakes are inside.
    const meant = issue.errors.find(
      (issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0),
    );
    const inside = meant
      ?.flatMap(findingsOf)
      .map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
    if (inside) return inside;
    if (issue.message === UNTOLD) {
      const told = issue.errors.map(([first]) => lowerFirst(first?.message ?? ''));
      return [{ path: issue.path, message: wordsOfUnion(told) ?? lowerFirst(issue.message) }];
    }
  }
  return [{ path: issue.path, message: lowerFirst(issue.message) }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/**
 * Where the key of a path stands, or its list item; for what is not there, where its nearest parent does. The keys of a map are
 * looked through once, however many of them are asked for.
 */
function placesIn({ contents }: Document): (path: Path) => number {
  const known = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  const pairOf = (map: YAMLMap, name: string): Pair | undefined => {
    let pairs = known.get(map);
    if (!pairs) {
      pairs = new Map(
        map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])),
      );
      known.set(map, pairs);
    }
    return pairs.get(name);
  };
  return (path) => {
    let offset = 0;
    let node: unknown = contents;
    for (const part of path) {
      if (isMap(node)) {
        const pair = pairOf(node, String(part));
        if (!pair) break;
        offset = startOf(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(part)];
        offset = startOf(node) ?? offset;
      }
    }
    return offset;
  };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
