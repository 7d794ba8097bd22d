import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigPlace } from './config-place.ts';
import { problemsOf, savedLines } from './config-report.ts';
import { ControlProblem } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { harmless } from './output/table.ts';
import { problemLine } from './problem-line.ts';

export type EditIo = ReportIo & {
  /** Has the file edited; false when the editor failed. */
  readonly edit: (file: string) => boolean;
  /** Shall it be edited again? False where nobody can be asked. */
  readonly again: () => boolean;
};

/**
 * `pxectl config edit`: the text in an editor, saved when that ends. One with mistakes may be edited again; what could not be saved
 * is kept, and said where.
 */
export async function editConfig(
  place: ConfigPlace,
  { force = false }: { readonly force?: boolean },
  io: EditIo,
): Promise<number> {
  const { text = '', etag, file } = await place.view();
  const editing = await place.begin(force);
  const folder = mkdtempSync(join(tmpdir(), 'pxed-config-'));
  const draft = join(folder, 'pxed.yaml');
  writeFileSync(draft, text, { mode: 0o600 });
  const keep = (why: string): number => {
    io.err.write(`pxectl: ${harmless(why)}; what you wrote is kept as ${draft}\n`);
    return EXIT.START;
  };
  let isKept = false;
  try {
    do {
      if (!io.edit(draft)) {
        isKept = readFileSync(draft, 'utf8') !== text;
        return isKept ? keep('The editor failed: nothing was changed') : failed(io);
      }
      const now = readFileSync(draft, 'utf8');
      if (now === text) {
        io.out.write(`${harmless(file ?? draft)} was not changed\n`);
        return EXIT.OK;
      }
      const session = editing.id === undefined ? {} : { session: editing.id };
      const saved = await place
        .save({ text: now, ifMatch: etag, force, ...session })
        .catch((error: unknown) => {
          if (problemsOf(error).length > 0) return error as ControlProblem;
          isKept = true;
          if (error instanceof ControlProblem) return keep(error.message);
          throw error;
        });
      if (typeof saved === 'number') return saved;
      if (!(saved instanceof ControlProblem)) {
        for (const line of savedLines(saved, place.live)) io.out.write(`${harmless(line)}\n`);
        return saved.problems.length > 0 ? EXIT.START : EXIT.OK;
      }
      for (const problem of problemsOf(saved)) io.err.write(`${harmless(problemLine(problem))}\n`);
    } while (io.again());
    isKept = true;
    return keep('Nothing was changed');
  } finally {
    if (!isKept) rmSync(folder, { recursive: true });
    await editing.end();
  }
}

function failed({ err }: ReportIo): number {
  err.write('pxectl: The editor failed: nothing was changed\n');
  return EXIT.START;
}

/** Runs $VISUAL or $EDITOR, words and all, with the terminal; vi when neither is set. */
export function runEditor(file: string, env: { readonly [name: string]: string | undefined }): boolean {
  const command = env.VISUAL || env.EDITOR || 'vi';
  // A shell, as for git and crontab: the variable may hold options.
  return spawnSync('sh', ['-c', `${command} "$1"`, 'sh', file], { stdio: 'inherit' }).status === 0;
}
