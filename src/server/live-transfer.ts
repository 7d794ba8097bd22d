/** A file under way, for whoever looks. */
export type LiveTransfer = {
  readonly protocol: 'tftp' | 'http';
  readonly peer: string;
  readonly file: string;
  readonly write: boolean;
  /** Acknowledged by a TFTP client, taken by the system for an HTTP client. */
  readonly bytes: number;
  readonly totalBytes?: number;
  readonly startedMsAgo: number;
};
