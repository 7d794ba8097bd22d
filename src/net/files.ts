/** The system's copy of files in memory. */
export type PageCache = {
  /** How many octets from `offset` on are in memory, of `length` that are asked about; `length` when nobody knows. */
  cachedFrom(fd: number, offset: number, length: number): number;
  /** Has them read from disk, without waiting for it. */
  readAhead(fd: number, offset: number, length: number): void;
  /**
   * Copies octets that are in memory, at most all that `into` holds, without waiting for a disk. How many; 0 when it would have to
   * wait, cannot tell, or has reached the end of the file: then an ordinary read will.
   */
  read?(fd: number, offset: number, into: Uint8Array<ArrayBuffer>): number;
};

/**
 * Opens `path` (relative, latin1 text of its octets) below the folder `rootFd`; the kernel itself refuses every step out of it.
 * A descriptor, or the errno's name (`EXDEV`: the path led out). `flags` are those of open(2) without O_CREAT.
 */
export type OpenBeneath = (rootFd: number, path: string, flags: number) => number | string;
