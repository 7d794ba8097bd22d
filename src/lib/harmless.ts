/** Control characters, of C1 too, start what terminals act on; some of Unicode turn the direction of a line, or end one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ACTIVE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same without the line feed
const ACTIVE_IN_LINES = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A stranger's words as a part of one line: whatever they are, they do nothing to a terminal, and make no line of their own. */
export function harmless(text: string): string {
  return text.replace(ACTIVE, '?');
}

/** The same for a text of several lines, whose line feeds stay. */
export function harmlessLines(text: string): string {
  return text.replace(ACTIVE_IN_LINES, '?');
}
