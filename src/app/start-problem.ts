/** Why pxed cannot start: one line that says what, one that says what to do. */
export class StartProblem extends Error {
  readonly fix: string;

  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartProblem';
    this.fix = fix;
  }
}

/** `pxed: Cannot …` with the fix on a line of its own. */
export function formatStartProblem(tool: string, { message, fix }: StartProblem): string {
  return `${tool}: ${message}\n${' '.repeat(tool.length + 2)}${fix}`;
}
