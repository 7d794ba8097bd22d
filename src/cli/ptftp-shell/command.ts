import type { TransferOptions } from '../../tftp-client/face.ts';
import type { Job } from '../ptftp-setup.ts';

/** What commands change. */
export type ShellState = {
  /** undefined: connect comes first. */
  host: string | undefined;
  port: number;
  /** What each transfer begins with. */
  transfer: TransferOptions;
  verbose: boolean;
  trace: boolean;
  /** A colon in a name has no meaning. */
  literal: boolean;
  /** Names of files on servers that were used, for completion. */
  readonly known: Set<string>;
  /** quit was said. */
  over: boolean;
};

/** What a command may do. */
export type Shell = {
  readonly state: ShellState;
  /** A line for whoever types. */
  say(line: string): void;
  /** Rejects with TftpError when there is no such host. */
  connect(server: Server): Promise<void>;
  /** One transfer with its report. Gives its exit code (PTFTP_EXIT). */
  transfer(job: Job, options: { readonly force: boolean }): Promise<number>;
};

export type Server = { readonly host: string; readonly port: number };

/** What Tab offers: files here, names used on the server, commands, or these words. */
export type Completion = 'local' | 'remote' | 'commands' | readonly string[];

export type ShellCommand = {
  readonly name: string;
  /** What others call it. */
  readonly aliases: readonly string[];
  /** Its arguments: `[-f] FILE [LOCAL]`. */
  readonly usage: string;
  /** One line. */
  readonly help: string;
  /** Of its nth argument, from 0. */
  complete?(position: number): Completion | undefined;
  /** Gives an exit code (PTFTP_EXIT). Throws CommandProblem, rejects with TftpError. */
  run(shell: Shell, words: readonly string[]): number | Promise<number>;
};

/** A command that cannot be done as it was typed; `message` says why. */
export class CommandProblem extends Error {}
