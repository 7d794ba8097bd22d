/**
 * A place in a configuration: keys, and indexes of lists from 0. An index that is Infinity means behind the last, where
 * an item is added.
 */
export type EditPath = readonly (string | number)[];

/** What JSON, and YAML's core, can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type ParsedPath =
  | { readonly ok: true; readonly path: EditPath }
  | { readonly ok: false; readonly message: string };

const KEY = /[^.[\]"\s]+/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;
const INDEX = /\[(\d{1,6}|\+)\]/y;

/**
 * Reads `tftp.port`, `networks[0].range`, `networks[+]` (one more), `profiles."debian.12".args` or
 * `profiles["debian.12"].args`: keys with dots, brackets or blanks stand in quotes, as in JSON.
 */
export function parseEditPath(text: string): ParsedPath {
  const path: (string | number)[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const takeKey = (): boolean => {
    const quoted = take(QUOTED);
    const key = quoted ? unquote(quoted[0]) : take(KEY)?.[0];
    if (key === undefined) return false;
    path.push(key);
    return true;
  };
  while (at < text.length) {
    if (text[at] === '[') {
      if (path.length > 0 && text[at + 1] === '"') {
        at++;
        if (!takeKey() || text[at] !== ']') return unreadable(text, at);
        at++;
        continue;
      }
      const index = take(INDEX);
      if (!index || path.length === 0) return unreadable(text, at);
      path.push(index[1] === '+' ? Number.POSITIVE_INFINITY : Number(index[1]));
      continue;
    }
    if (path.length > 0 && text[at] !== '.') return unreadable(text, at);
    if (path.length > 0) at++;
    if (!takeKey()) return unreadable(text, at);
  }
  return path.length > 0 ? { ok: true, path } : { ok: false, message: 'expected a key like tftp.port' };
}

function unreadable(text: string, at: number): ParsedPath {
  const where = at < text.length ? `at "${text.slice(at)}"` : 'at its end';
  return { ok: false, message: `cannot read "${text}" ${where}: expected a place like networks[0].range` };
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** The text that {@link parseEditPath} reads. */
export function formatEditPath(path: EditPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += Number.isFinite(step) ? `[${step}]` : '[+]';
    else text += `${text === '' ? '' : '.'}${isPlain(step) ? step : JSON.stringify(step)}`;
  }
  return text;
}

function isPlain(key: string): boolean {
  return /^[^.[\]"\s]+$/.test(key);
}
