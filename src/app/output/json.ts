import type { Out } from './table.ts';

/** For programs: one document, indented, so that people can read it, too. */
export function printJson(out: Out, value: unknown): void {
  out.write(`${escaped(JSON.stringify(value ?? null, undefined, 2))}\n`);
}

/** One of many, each on a line of its own. */
export function printJsonLine(out: Out, value: unknown): void {
  out.write(`${escaped(JSON.stringify(value))}\n`);
}

/** JSON escapes control characters, but not those of C1, nor what turns a line round: terminals heed them, too. */
function escaped(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
