import { parsePtftp } from './ptftp-options.ts';
import { PTFTP_EXIT } from './ptftp-setup.ts';
import type { PtftpIo } from './ptftp-transfer.ts';

/** Node makes each of them when it is first asked for, which takes a while. */
const STREAMS: PtftpIo = {
  get out() {
    return process.stdout;
  },
  get err() {
    return process.stderr;
  },
  get input() {
    return process.stdin;
  },
};

/**
 * Runs `ptftp` with this process's arguments, and ends the process with its exit code. A small file is fetched in less time than it
 * takes to load what it does not need, so everything else is loaded when it is wanted.
 */
export async function main(): Promise<void> {
  const parsed = parsePtftp(process.argv.slice(2));
  if (parsed.kind === 'usage') {
    process.stderr.write(`ptftp: ${parsed.problem}\n(ptftp --help shows how it is used)\n`);
    process.exit(PTFTP_EXIT.USAGE);
  }
  if (parsed.kind === 'help') {
    process.stdout.write((await import('./ptftp-help.ts')).ptftpHelp());
    process.exit(PTFTP_EXIT.DONE);
  }
  if (parsed.kind !== 'setup') {
    process.stdout.write(`${(await import('../app/package-version.ts')).packageVersion()}\n`);
    process.exit(PTFTP_EXIT.DONE);
  }
  const { setup } = parsed;
  if (setup.job === undefined) process.exit(await (await import('./ptftp-shell.ts')).shell(setup, STREAMS));
  const { transferOnce } = await import('./ptftp-transfer.ts');
  process.exit(await transferOnce(setup, setup.job, STREAMS));
}
