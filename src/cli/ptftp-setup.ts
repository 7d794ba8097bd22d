import type { TransferOptions } from '../tftp-client/face.ts';

/** What `ptftp` ends with; README and --help have the same table. */
export const PTFTP_EXIT = {
  DONE: 0,
  /** The server refused, fell silent, or is not there. */
  FAILED: 1,
  USAGE: 2,
  /** The local file cannot be read or written, or exists. */
  LOCAL: 3,
  /** What came is not what --verify says. */
  MISMATCH: 4,
  /** Ctrl-C, as shells say it. */
  INTERRUPTED: 130,
} as const;

/** How `ptftp` was called. */
export type PtftpSetup = {
  readonly host: string | undefined;
  readonly port: number;
  /** What each transfer begins with. */
  readonly transfer: TransferOptions;
  /** Replace local files. */
  readonly force: boolean;
  /** undefined: on a terminal. */
  readonly progress: boolean | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly hash: boolean;
  readonly verify: string | undefined;
  /** One transfer, and the end; absent: commands are read. */
  readonly job?: Job;
  /** Behind `-c`, when it is no single get or put: words of one command. */
  readonly command?: readonly string[];
};

/** One transfer. `local` is `-` for standard input or output. */
export type Job = {
  readonly what: 'get' | 'put';
  readonly host: string;
  readonly port: number;
  readonly file: string;
  readonly local: string;
  readonly mode?: 'octet' | 'netascii';
};
