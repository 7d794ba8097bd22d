/**
 * The outer form of a bootptab, as CMU's bootpd reads it (bootptab(5)): one entry a line, `name:tag=value:tag:tag@:`. A
 * backslash at the end of a line goes on with the next; elsewhere it takes the next character as it is. Double quotes
 * keep colons and blanks. Lines between entries that are empty or begin with `#` are skipped.
 */

/** One field between colons, without its quotes. */
export type Field = {
  readonly text: string;
  /** Where in `text` the first quoted part begins; -1 without one. */
  readonly quotedAt: number;
  /** Where the last quoted part ends. */
  readonly quotedTo: number;
  /** Line of its first character, from 1. */
  readonly line: number;
};

export type Entry = { readonly name: string; readonly line: number; readonly fields: readonly Field[] };

export type FieldProblem = { readonly line: number; readonly message: string };

/** Where the reading is. */
type Cursor = { readonly text: string; at: number; line: number };

/** All entries in order. A quote that is never closed ends with its line, and is a problem. */
export function readEntries(text: string): { entries: Entry[]; problems: FieldProblem[] } {
  const cursor: Cursor = { text, at: 0, line: 1 };
  const entries: Entry[] = [];
  const problems: FieldProblem[] = [];
  while (skipToEntry(cursor)) {
    const { line } = cursor;
    const [head, ...rest] = readFields(cursor, problems);
    const name = head!.text.trim();
    const fields = rest.filter((field) => field.text.trim() !== '' || field.quotedAt >= 0);
    if (name === '') problems.push({ line, message: 'an entry begins with the name of a host' });
    else entries.push({ name, line, fields });
  }
  return { entries, problems };
}

/** Past blanks, empty lines and comments; false at the end of the file. */
function skipToEntry(cursor: Cursor): boolean {
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const char = cursor.text[cursor.at]!;
    if (char === '\n') cursor.line++;
    else if (char === '#') cursor.at = endOfLine(cursor) - 1;
    else if (!isBlank(char)) return true;
  }
  return false;
}

function endOfLine({ text, at }: Cursor): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** The fields of one entry, its name first; leaves the cursor behind the entry's last line. */
function readFields(cursor: Cursor, problems: FieldProblem[]): Field[] {
  const fields: Field[] = [];
  let part = { text: '', quotedAt: -1, quotedTo: -1, line: cursor.line };
  let quotedSince = 0;
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const char = cursor.text[cursor.at]!;
    if (char === '\\') part.text += escaped(cursor);
    else if (char === '\n') break;
    else if (char === '"') {
      if (quotedSince === 0 && part.quotedAt < 0) part.quotedAt = part.text.length;
      part.quotedTo = part.text.length;
      quotedSince = quotedSince === 0 ? cursor.line : 0;
    } else if (char === ':' && quotedSince === 0) {
      fields.push(part);
      part = { text: '', quotedAt: -1, quotedTo: -1, line: cursor.line };
    } else {
      part.text += char;
    }
    if (part.text.trim() === '' && part.quotedAt < 0) part.line = cursor.line;
  }
  if (quotedSince > 0) problems.push({ line: quotedSince, message: 'a quote (") is never closed' });
  fields.push(part);
  return fields;
}

/** What a backslash and the character behind it stand for; the end of a line is a blank. */
function escaped(cursor: Cursor): string {
  const { text } = cursor;
  if (text[cursor.at + 1] === '\r' && text[cursor.at + 2] === '\n') cursor.at++;
  cursor.at++;
  const char = text[cursor.at] ?? '';
  if (char !== '\n') return char;
  cursor.line++;
  return ' ';
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\f' || char === '\v';
}
