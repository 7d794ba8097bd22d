/** What is wrong in the editor's text. */
export type TextProblem = {
  readonly line?: number | undefined;
  readonly path?: string | undefined;
  readonly message: string;
};

/** By line, from 1. */
export function byLine(problems: readonly TextProblem[]): ReadonlyMap<number, readonly TextProblem[]> {
  const lines = new Map<number, readonly TextProblem[]>();
  for (const problem of problems) {
    if (problem.line !== undefined) lines.set(problem.line, [...(lines.get(problem.line) ?? []), problem]);
  }
  return lines;
}

/** Where a line stands in the text, as a selection: from its first character to before its line break. */
export function spanOfLine(text: string, line: number): { readonly start: number; readonly end: number } {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const next = text.indexOf('\n', start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.indexOf('\n', start);
  return { start, end: end < 0 ? text.length : end };
}

export function countLines(text: string): number {
  return text.split('\n').length;
}

/** The `problems` in the details of an error, whatever else it brings. */
export function problemsOf(details: unknown): readonly TextProblem[] {
  const all =
    typeof details === 'object' && details !== null && 'problems' in details ? details.problems : [];
  return Array.isArray(all) ? all.map(asProblem) : [];
}

function asProblem(given: unknown): TextProblem {
  if (typeof given === 'string') return { message: given };
  const { line, path, message } = given as Partial<TextProblem>;
  return {
    ...(line !== undefined && { line }),
    ...(path !== undefined && { path }),
    message: message ?? 'not understood',
  };
}
