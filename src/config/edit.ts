import type { Document } from 'yaml';
import { type Change, changed, NoSuchPlace } from './edit-json.ts';
import { type EditPath, formatEditPath, type Json } from './edit-path.ts';
import { sourceOf } from './edit-source.ts';
import { withoutSplice, withSplice } from './edit-splice.ts';
import { isMap } from './edit-value.ts';
import { whyTooDeep } from './nesting.ts';
import { yamlWords } from './words.ts';
import { yamlDocument } from './yaml-document.ts';

export type Edited =
  /** `before` and `after`: what the texts say; absent where there was nothing to change. */
  | { readonly ok: true; readonly text: string; readonly before?: Json; readonly after?: Json }
  /** `path`: of the change that cannot be made; absent where the text itself cannot be read. */
  | { readonly ok: false; readonly message: string; readonly path?: string };

/**
 * A configuration's text with some values changed, and everything else as it was, octet by octet: comments, order, quotes,
 * blank lines and line ends. Changes are made one after the other, all of them or none.
 *
 * What is made here says what was asked for and nothing else: the new text is read again and compared. Where no piece
 * of text can be replaced alone (a key in YAML's explicit form, say), the document is written anew, with its comments;
 * where that would say something else (values that anchors share), it is refused.
 *
 * ```ts
 * editText('version: 1\n', [{ path: ['tftp', 'port'], value: 1069 }]);
 * // { ok: true, text: 'version: 1\ntftp:\n  port: 1069\n', … }
 * ```
 */
export function editText(text: string, changes: readonly Change[]): Edited {
  let current: Edited & { ok: true } = { ok: true, text };
  for (const change of changes) {
    const edited = editOnce(current.text, change);
    if (!edited.ok) return edited;
    current = { before: edited.before, ...current, text: edited.text, after: edited.after };
  }
  return current;
}

/** What a text says, without any check of its keys; undefined when it is no YAML. */
export function dataOf(text: string): Json | undefined {
  return whyTooDeep(text) === undefined ? dataIn(yamlDocument(text)) : undefined;
}

function dataIn(document: Document): Json | undefined {
  if (document.errors.length > 0) return undefined;
  try {
    return detached(document.toJS());
  } catch {
    return undefined;
  }
}

type EditedOnce =
  | { readonly ok: true; readonly text: string; readonly before: Json; readonly after: Json }
  | (Edited & { readonly ok: false });

function editOnce(text: string, change: Change): EditedOnce {
  const tooDeep = whyTooDeep(text);
  if (tooDeep !== undefined) return { ok: false, message: tooDeep };
  const document = yamlDocument(text);
  const [fault] = document.errors;
  if (fault) {
    const line = text.slice(0, fault.pos[0]).split('\n').length;
    return { ok: false, message: `the file has a mistake in line ${line}: ${yamlWords(fault.message)}` };
  }
  const data = dataIn(document);
  if (data === undefined) return { ok: false, message: 'its aliases cannot be resolved' };
  if (data === null) return startWithVersion(text, change);
  if (!isMap(data)) return { ok: false, message: 'it is not a map of keys' };
  const wanted = wantedOf(data, change);
  if (wanted instanceof NoSuchPlace) {
    return { ok: false, message: wanted.message, path: formatEditPath(change.path) };
  }
  const done = (made: string): EditedOnce => ({ ok: true, text: made, before: data, after: wanted });
  if (isSame(wanted, data)) return done(text);
  const path = settled(data, change.path);
  const source = sourceOf(text, document);
  const spliced = 'unset' in change ? withoutSplice(source, path) : withSplice(source, path, change.value);
  if (spliced !== undefined && says(spliced, wanted)) return done(spliced);
  const rewritten = rewrite(document, path, change);
  if (rewritten !== undefined && says(rewritten, wanted)) return done(rewritten);
  const message =
    'cannot be changed alone: other places refer to it (anchors and aliases). Edit the file by hand';
  return { ok: false, message, path: formatEditPath(change.path) };
}

/** A file without any key gets the one that it cannot do without. */
function startWithVersion(text: string, change: Change): EditedOnce {
  if ('unset' in change) return { ok: true, text, before: null, after: null };
  const source = sourceOf(text, yamlDocument(text));
  const isVersion = change.path[0] === 'version';
  const started = isVersion
    ? withSplice(source, change.path, change.value)
    : withSplice(source, ['version'], 1);
  if (started === undefined) return { ok: false, message: 'it is empty' };
  if (!isVersion) return { ...editOnce(started, change), before: {} } as EditedOnce;
  return { ok: true, text: started, before: {}, after: dataOf(started) ?? null };
}

function wantedOf(data: Json, change: Change): Json | NoSuchPlace {
  try {
    return changed(data, change);
  } catch (error) {
    if (error instanceof NoSuchPlace) return error;
    throw error;
  }
}

/** The path with "behind the last" as the number that this is. */
function settled(data: Json, path: EditPath): EditPath {
  let value: Json | undefined = data;
  return path.map((step) => {
    const items: readonly Json[] = Array.isArray(value) ? value : [];
    const place = typeof step === 'number' ? Math.min(step, items.length) : step;
    value = typeof place === 'number' ? items[place] : isMap(value) ? value[place] : undefined;
    return place;
  });
}

/** The library's own way: comments stay, spaces may not. */
function rewrite(document: Document, path: EditPath, change: Change): string | undefined {
  try {
    if ('unset' in change) document.deleteIn(path);
    else document.setIn(path, change.value);
    return document.toString({ lineWidth: 0 });
  } catch {
    return undefined;
  }
}

function says(text: string, wanted: Json): boolean {
  const data = dataOf(text);
  return data !== undefined && isSame(data, wanted);
}

/** Without the identity that aliases share. */
function detached(data: unknown): Json {
  return data === undefined ? null : (JSON.parse(JSON.stringify(data)) as Json);
}

/** Do they say the same, in whatever order keys stand? */
export function isSame(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index] as Json));
  }
  if (!isMap(a) || !isMap(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key]!, b[key]!))
  );
}
