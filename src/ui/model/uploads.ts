/** A file on its way here. */
export type Upload = {
  readonly number: number;
  readonly path: string;
  readonly totalBytes: number;
  readonly bytes: number;
  readonly state: 'waiting' | 'sending' | 'done' | 'same' | 'failed';
  readonly problem?: string;
};

export function isOver({ state }: Upload): boolean {
  return state === 'done' || state === 'same' || state === 'failed';
}

/** With one of them changed. */
export function changed(
  uploads: readonly Upload[],
  number: number,
  change: Partial<Upload>,
): readonly Upload[] {
  return uploads.map((one) => (one.number === number ? { ...one, ...change } : one));
}

/** `2 of 5 files uploaded` */
export function uploadsLine(uploads: readonly Upload[]): string {
  const failed = uploads.filter(({ state }) => state === 'failed').length;
  const done = uploads.filter(isOver).length - failed;
  const files = uploads.length === 1 ? 'file' : 'files';
  return `${done} of ${uploads.length} ${files} uploaded${failed > 0 ? `, ${failed} failed` : ''}`;
}
