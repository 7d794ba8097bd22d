import { leave } from './leave.ts';
import { parsePtftp } from './ptftp-options.ts';
import { PTFTP_EXIT } from './ptftp-setup.ts';
import type { PtftpIo } from './ptftp-transfer.ts';

/** Node makes each of them when it is first asked for, which takes a while. */
const STREAMS: PtftpIo = {
  get out() {
    return forgiving(process.stdout);
  },
  get err() {
    return forgiving(process.stderr);
  },
  get input() {
    return process.stdin;
  },
};

/** Whoever listened may be gone: files are files all the same. Where it matters the write tells. */
function forgiving(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.listenerCount('error') > 0 ? stream : stream.on('error', () => {});
}

/**
 * Runs `ptftp` with this process's arguments, and ends the process with its exit code. A small file is fetched in less time than it
 * takes to load what it does not need, so everything else is loaded when it is wanted.
 */
export async function main(): Promise<void> {
  const parsed = parsePtftp(process.argv.slice(2));
  if (parsed.kind === 'usage') {
    STREAMS.err.write(`ptftp: ${parsed.problem}\n(ptftp --help shows how it is used)\n`);
    return leave(PTFTP_EXIT.USAGE);
  }
  if (parsed.kind === 'help') {
    STREAMS.out.write((await import('./ptftp-help.ts')).ptftpHelp());
    return leave(PTFTP_EXIT.DONE);
  }
  if (parsed.kind !== 'setup') {
    STREAMS.out.write(`${(await import('../app/package-version.ts')).packageVersion()}\n`);
    return leave(PTFTP_EXIT.DONE);
  }
  const { setup } = parsed;
  if (setup.job === undefined) {
    return leave(await (await import('./ptftp-shell.ts')).shell(setup, STREAMS), { opensPipes: true });
  }
  const { transferOnce } = await import('./ptftp-transfer.ts');
  leave(await transferOnce(setup, setup.job, STREAMS), { opensPipes: true });
}
