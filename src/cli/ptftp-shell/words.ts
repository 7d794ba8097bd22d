/** A line of commands, in words, as a person types it. */
import { type Decoded, ok, rejected } from '../../lib/result.ts';

/** What a backslash protects. Before anything else it is itself: names of Windows' servers are full of them. */
const PROTECTED = ' \t\'"\\';

/** The word that a line ends with, where the cursor stands. */
export type LastWord = {
  /** Those before it. */
  readonly before: readonly string[];
  readonly text: string;
  /** Where it begins in the line, with its quote. */
  readonly start: number;
  /** The quote that is still open. */
  readonly quote: '' | "'" | '"';
};

type Word = { readonly text: string; readonly start: number };
type Scan = { readonly words: readonly Word[]; readonly quote: '' | "'" | '"'; readonly ended: boolean };

/**
 * Splits a line at blanks. '…' keeps all it holds as it is; in "…", and outside of quotes, `\` takes the meaning of a blank, a quote and
 * a `\`, and stands for itself elsewhere. A line that begins with # is a remark: no words. Reason: `open-quote`.
 *
 *     splitLine('get "my file" \\boot\\bcd') // { ok: true, value: ['get', 'my file', '\\boot\\bcd'] }
 */
export function splitLine(line: string): Decoded<string[]> {
  if (/^\s*#/.test(line)) return ok([]);
  const { words, quote } = scan(line);
  return quote === '' ? ok(words.map(({ text }) => text)) : rejected('open-quote');
}

/** The word to be completed; an empty one behind a blank. Any line has one. */
export function lastWord(line: string): LastWord {
  const { words, quote, ended } = scan(line);
  const last = ended ? undefined : words.at(-1);
  const before = words.slice(0, last === undefined ? words.length : -1).map(({ text }) => text);
  return { before, text: last?.text ?? '', start: last?.start ?? line.length, quote };
}

/** `text` as it is typed so that it comes to one word; in the quote that was begun, or in none if there is a way. */
export function quoteWord(text: string, quote: LastWord['quote'] = ''): string {
  if (quote === "'" && !text.includes("'")) return `'${text}'`;
  if (quote === '"' || /[\r\n]/.test(text)) return `"${escapeAll(text, '"\\')}"`;
  if (text === '') return "''";
  const plain = escapeAll(text, PROTECTED);
  return plain.startsWith('#') ? `'#'${plain.slice(1)}` : plain;
}

function escapeAll(text: string, characters: string): string {
  return [...text].map((each) => (characters.includes(each) ? `\\${each}` : each)).join('');
}

function scan(line: string): Scan {
  const words: { text: string; start: number }[] = [];
  let quote: Scan['quote'] = '';
  let word: { text: string; start: number } | undefined;
  const begin = (at: number) => {
    if (word === undefined) {
      word = { text: '', start: at };
      words.push(word);
    }
    return word;
  };
  for (let at = 0; at < line.length; at++) {
    const each = line[at]!;
    if (quote === '' && isBlank(each)) word = undefined;
    else if (each === quote) quote = '';
    else if (quote === '' && (each === "'" || each === '"')) {
      quote = each;
      begin(at);
    } else if (each === '\\' && quote !== "'" && protects(line[at + 1], quote)) begin(at).text += line[++at];
    else begin(at).text += each;
  }
  return { words, quote, ended: word === undefined };
}

function isBlank(each: string): boolean {
  return each === ' ' || each === '\t' || each === '\r' || each === '\n';
}

function protects(next: string | undefined, quote: Scan['quote']): boolean {
  if (next === undefined) return false;
  return quote === '' ? PROTECTED.includes(next) : next === '"' || next === '\\';
}
