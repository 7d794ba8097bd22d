/** A mistake as the API tells it. */
export type ToldProblem = {
  readonly file: string;
  readonly line?: number | undefined;
  readonly path?: string | undefined;
  readonly message: string;
};

/** `pxed.yaml:12: networks[0].range: expected …`: what an editor jumps to. */
export function problemLine({ file, line, path, message }: ToldProblem): string {
  return `${file}:${line === undefined ? '' : `${line}:`} ${path ? `${path}: ` : ''}${message}`;
}

export function isToldProblem(value: unknown): value is ToldProblem {
  return typeof value === 'object' && value !== null && 'file' in value && 'message' in value;
}
