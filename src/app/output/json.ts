import type { Out } from './table.ts';

/** For programs: one document, indented, so that people can read it, too. */
export function printJson(out: Out, value: unknown): void {
  out.write(`${JSON.stringify(value ?? null, undefined, 2)}\n`);
}

/** One of many, each on a line of its own. */
export function printJsonLine(out: Out, value: unknown): void {
  out.write(`${JSON.stringify(value)}\n`);
}
