import { PTFTP_EXIT, type PtftpSetup } from './ptftp-setup.ts';

/** Reads commands and does them. Gives the exit code. */
export async function shell(_setup: PtftpSetup): Promise<number> {
  process.stderr.write('ptftp: name get or put\n');
  return PTFTP_EXIT.USAGE;
}
