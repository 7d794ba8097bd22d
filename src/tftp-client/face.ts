import type { TftpMode } from '../tftp-packet/index.ts';

/** Where a file lies. `host`: a name, an IPv4 or an IPv6 address (`fe80::1%eth0`). */
export type Target = {
  readonly host: string;
  /** 69 when left out. */
  readonly port?: number;
  /** As the server is to be asked for it: latin1, no NUL. */
  readonly file: string;
  /** What a URL's `;mode=` says; octet when left out. An option of the same name wins over it. */
  readonly mode?: TftpMode;
};

/** How a file is fetched or sent. Everything has a default that suits a LAN. */
export type TransferOptions = {
  readonly mode?: TftpMode;
  /** Asked for, 8 to 65464; the server may grant less. 1468 when left out: what fits Ethernet. */
  readonly blksize?: number;
  /** Blocks sent before an answer is awaited, asked for, 1 to 65535 (RFC 7440). */
  readonly windowsize?: number;
  /**
   * The longest wait for one answer. Given, it is also asked of the server, in whole seconds (RFC 2349). The waits
   * themselves follow the measured round trips.
   */
  readonly timeoutMs?: number;
  /** So many of the longest waits in vain, then the transfer has failed. */
  readonly retries?: number;
  /** Ask for no option at all. */
  readonly rfc1350?: boolean;
  /** Ask for (get) or tell (put) the size of the file; true when left out. */
  readonly tsize?: boolean;
  /** Ends the transfer: the server is told, and the transfer rejects with reason `aborted`. */
  readonly signal?: AbortSignal;
  /** A few times a second, and once at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Once, when the server has answered. */
  readonly onTerms?: (terms: Terms) => void;
  /** Each packet, as a line of text: `sent RRQ <file=a, mode=octet>`. */
  readonly onTrace?: (line: string) => void;
  /** Computes the SHA-256 of the octets written to the file (get) or read from it (put). */
  readonly sha256?: boolean;
  /** What {@link sha256} must come to (get): else the transfer rejects with reason `verify-mismatch`, and there is no file. */
  readonly verify?: string;
  /** Nothing else goes on in this process: it may wait in system calls, which is faster. */
  readonly alone?: boolean;
  /** The plain sockets of node:dgram though better ones are to be had. */
  readonly sockets?: 'dgram';
};

/** What client and server agreed on. */
export type Terms = {
  readonly blksize: number;
  readonly windowsize: number;
  /** Size of the file on the wire, where the server told it (get) or took it (put). */
  readonly tsize?: number;
  /** The server's address, and the port it answers from. */
  readonly address: string;
  readonly port: number;
};

export type Progress = {
  /** Of the file, until now. */
  readonly bytes: number;
  /** Where it is known beforehand. */
  readonly totalBytes?: number;
  /** Of late. */
  readonly bytesPerSecond: number;
};

export type TransferResult = {
  /** Of the file. */
  readonly bytes: number;
  readonly tookMs: number;
  readonly blksize: number;
  readonly windowsize: number;
  readonly tsize?: number;
  /** Packets of ours that went out again. */
  readonly retransmissions: number;
  /** Lower-case hexadecimal, if it was asked for. */
  readonly sha256?: string;
};

/**
 * A file on its way here. Nothing happens before it is iterated, `readable` is read, or `into` is called; one of the three, once.
 * Leaving the loop early ends the transfer and tells the server.
 */
export type Download = AsyncIterable<Uint8Array> & {
  /** Settles when the transfer ends; rejects with TftpError. */
  readonly result: Promise<TransferResult>;
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Writes the file. It appears under its name when it is complete, never in part; what stood there before is kept when
   * anything fails. Without `force` a file that exists is not replaced (reason `local-exists`).
   */
  into(path: string, options?: { readonly force?: boolean }): Promise<TransferResult>;
};

/** What can be sent: octets, anything that yields them, or the path of a local file. */
export type Source = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Uint8Array | string;

/** A server, and how to talk to it. */
export type TftpClient = {
  readonly host: string;
  readonly port: number;
  get(file: string, options?: TransferOptions): Download;
  put(source: Source, file: string, options?: TransferOptions): Promise<TransferResult>;
};

export type ClientOptions = TransferOptions & {
  readonly host: string;
  /** 69 when left out. */
  readonly port?: number;
};
