/**
 * GRUB's script language as far as configurations use it: commands, `if`, `menuentry` and `submenu`, `function`, quotes
 * and variables. Loops are read over. (GRUB manual, "Shell-like scripting".)
 */

/** A word: texts, and variables by name. */
export type Word = readonly (string | { readonly variable: string })[];

export type Statement =
  | { readonly kind: 'command'; readonly words: readonly Word[] }
  | {
      readonly kind: 'entry';
      readonly submenu: boolean;
      readonly words: readonly Word[];
      readonly body: Script;
    }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Script }
  | { readonly kind: 'function'; readonly name: string; readonly body: Script };
export type Branch = { readonly test: Script; readonly body: Script };
export type Script = readonly Statement[];

type Token = Word | 'end' | '{' | '}';

/** What is nested deeper is left out. */
const DEEPEST = 16;
const MOST_TOKENS = 50_000;

/** Never throws: what cannot be read is left out. */
export function parseGrub(text: string): Script {
  const tokens = tokensOf(text);
  let at = 0;

  /** A keyword stands alone where a command begins. */
  function keyword(): string | undefined {
    const token = tokens[at];
    return Array.isArray(token) && token.length === 1 && typeof token[0] === 'string' ? token[0] : undefined;
  }

  function block(depth: number, until: readonly string[]): Statement[] {
    const statements: Statement[] = [];
    while (at < tokens.length) {
      const token = tokens[at]!;
      if (token === 'end') at++;
      else if (token === '{') at++;
      else if (token === '}') {
        if (until.includes('}')) return statements;
        at++;
      } else if (until.includes(keyword() ?? '')) return statements;
      else {
        if (depth >= DEEPEST) {
          at++;
          continue;
        }
        const next = statement(depth);
        if (next) statements.push(next);
      }
    }
    return statements;
  }

  function words(): Word[] {
    const found: Word[] = [];
    for (let token = tokens[at]; token !== undefined; token = tokens[++at]) {
      if (token === 'end' || token === '{' || token === '}') break;
      found.push(token);
    }
    return found;
  }

  function braces(depth: number): Statement[] {
    if (tokens[at] === '{') at++;
    const body = block(depth + 1, ['}']);
    if (tokens[at] === '}') at++;
    return body;
  }

  function condition(depth: number): Statement {
    const branches: Branch[] = [];
    let otherwise: Statement[] = [];
    at++;
    for (;;) {
      const test = block(depth + 1, ['then']);
      at++;
      branches.push({ test, body: block(depth + 1, ['elif', 'else', 'fi']) });
      const next = keyword();
      at++;
      if (next === 'else') {
        otherwise = block(depth + 1, ['fi']);
        at++;
      }
      if (next !== 'elif') return { kind: 'if', branches, otherwise };
    }
  }

  function statement(depth: number): Statement | undefined {
    const first = keyword();
    if (first === 'if') return condition(depth);
    if (first === 'for' || first === 'while' || first === 'until') {
      at++;
      block(depth + 1, ['done']);
      at++;
      return undefined;
    }
    const found = words();
    if (first === 'menuentry' || first === 'submenu') {
      return { kind: 'entry', submenu: first === 'submenu', words: found.slice(1), body: braces(depth) };
    }
    if (first === 'function') {
      const name = found[1]?.[0];
      const body = braces(depth);
      return typeof name === 'string' ? { kind: 'function', name, body } : undefined;
    }
    return { kind: 'command', words: found };
  }

  return block(0, []);
}

const VARIABLE = /^\$(?:\{([\w.?-]+)\}|([A-Za-z_]\w*|\?|\d))/;

/** Splits into words; `end` is the end of a line or a semicolon. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let word: (string | { variable: string })[] | undefined;
  let quote = '';

  function add(part: string | { variable: string }): void {
    word ??= [];
    const before = word.at(-1);
    if (typeof part === 'string' && typeof before === 'string') word[word.length - 1] = before + part;
    else word.push(part);
  }
  function close(token?: 'end' | '{' | '}'): void {
    if (word) tokens.push(word);
    word = undefined;
    if (token) tokens.push(token);
  }

  for (let i = 0; i < text.length && tokens.length < MOST_TOKENS; i++) {
    const letter = text[i]!;
    const variable = letter === '$' && quote !== "'" ? VARIABLE.exec(text.slice(i, i + 80)) : undefined;
    if (variable) {
      add({ variable: variable[1] ?? variable[2] ?? '' });
      i += variable[0].length - 1;
    } else if (quote !== '') {
      if (letter === quote) quote = '';
      else if (letter === '\\' && quote === '"' && /["$\\]/.test(text[i + 1] ?? '')) add(text[++i]!);
      else add(letter);
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      add('');
    } else if (letter === '\\') {
      const next = text[++i] ?? '';
      if (next !== '\n') add(next);
    } else if (letter === '#' && !word) {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end - 1;
    } else if (letter === '\n' || letter === ';' || letter === '&' || letter === '|') close('end');
    else if ((letter === '{' || letter === '}') && !word) close(letter);
    else if (/\s/.test(letter)) close();
    else add(letter);
  }
  close('end');
  return tokens;
}
