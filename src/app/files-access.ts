import { TftpError } from '../lib/tftp-error.ts';
import { loadNetwork } from '../net/load.ts';
import { ControlError } from '../server/control/control-error.ts';
import type { FileOperations } from '../server/control/file-routes.ts';
import { createFileStore } from '../store/file-store.ts';
import { ControlProblem, createControlClient } from './control-client.ts';
import { type ReportIo, reportControl } from './control-report.ts';
import { createFileClient } from './file-client.ts';
import { createFileOperations } from './file-operations.ts';

export type { FileOperations };

/** Whose files: those of the pxed at `socket`, or those below `root`, whether somebody serves them or not. */
export type FilesPlace = { readonly socket: string; readonly root?: string };

/** Works on them, and says why where it cannot; resolves to the exit code of pxectl. */
export function reportFiles(
  place: FilesPlace,
  io: Pick<ReportIo, 'err'>,
  act: (files: FileOperations) => Promise<void>,
): Promise<number> {
  return reportControl(io, async () => {
    try {
      await act(await filesAt(place));
      return undefined;
    } catch (error) {
      throw asProblem(error);
    }
  });
}

async function filesAt({ socket, root }: FilesPlace): Promise<FileOperations> {
  if (root === undefined) return createFileClient(createControlClient({ socket }));
  const { openBeneath } = await loadNetwork();
  const store = openRoot(root, openBeneath && { openBeneath });
  return createFileOperations({
    store: () => store,
    emit() {},
    limits: () => ({ uploadMaxBytes: Number.POSITIVE_INFINITY, fetch: [] }),
  });
}

function openRoot(root: string, options: Pick<Parameters<typeof createFileStore>[0], 'openBeneath'> = {}) {
  try {
    return createFileStore({ root, ...options });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = code === 'ENOENT' ? 'no such folder' : cause instanceof Error ? cause.message : String(cause);
    throw new ControlProblem('no-root', `Cannot open ${root}: ${why}`, { cause });
  }
}

/** One kind of error for the command line, wherever it comes from. */
function asProblem(error: unknown): unknown {
  if (error instanceof ControlError) {
    const { code, message, status, details } = error;
    return new ControlProblem(code, message, { status, details, cause: error });
  }
  if (error instanceof TftpError) {
    const { reason, message } = error;
    const status = reason === 'not-found' ? { status: 404 } : {};
    return new ControlProblem(reason, message, { ...status, cause: error });
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new ControlProblem('aborted', 'Interrupted; nothing was stored', { cause: error });
  }
  return error;
}
