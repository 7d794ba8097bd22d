import { ControlProblem } from './control-client.ts';
import { EXIT } from './exit-codes.ts';
import { harmless, type Out } from './output/table.ts';
import { isToldProblem, problemLine } from './problem-line.ts';

/** Where a command of pxectl writes to. */
export type ReportIo = { readonly out: Out; readonly err: Out };

/**
 * Does what `act` does, and says why where it cannot: `pxectl: No pxed is running at …`. Resolves to the exit code: what `act`
 * gives, 0 when it gives none; 4 where no pxed runs, 5 for what there is not, 2 for what was not understood, else 1.
 */
export async function reportControl(
  io: Pick<ReportIo, 'err'>,
  act: () => Promise<number | undefined>,
): Promise<number> {
  try {
    return (await act()) ?? EXIT.OK;
  } catch (error) {
    if (!(error instanceof ControlProblem)) throw error;
    io.err.write(`pxectl: ${harmless(error.message)}\n`);
    for (const line of furtherLines(error)) io.err.write(`        ${harmless(line)}\n`);
    return exitCodeOf(error);
  }
}

export function exitCodeOf({ code, status }: ControlProblem): number {
  if (code === 'no-pxed') return EXIT.NO_PXED;
  if (status === 404) return EXIT.NOT_FOUND;
  return status === 400 ? EXIT.USAGE : EXIT.START;
}

/** All problems of a configuration, say, where there are several. */
function furtherLines({ details, message }: ControlProblem): string[] {
  if (typeof details !== 'object' || details === null || !('problems' in details)) return [];
  const { problems } = details;
  if (!Array.isArray(problems)) return [];
  const untold = problems.filter((one: unknown) => !(isToldProblem(one) && message.includes(one.message)));
  const lines = untold.map((one: unknown) => {
    if (isToldProblem(one)) return problemLine(one);
    return typeof one === 'string' ? one : JSON.stringify(one);
  });
  return lines.length === 1 && message.includes(lines[0]!) ? [] : lines;
}
